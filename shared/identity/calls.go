package identity

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// calls are the calls of Cognito that this room makes. The client itself is not kept: html/template can call any method
// by its name, so a program that links it keeps every exported method of every type that an interface may hold, and the
// client with its hundred operations would be among them (4 MB of each page function).
type calls struct {
	AdminCreateUser             func(context.Context, *cognitoidentityprovider.AdminCreateUserInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminCreateUserOutput, error)
	AdminSetUserPassword        func(context.Context, *cognitoidentityprovider.AdminSetUserPasswordInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminSetUserPasswordOutput, error)
	AdminInitiateAuth           func(context.Context, *cognitoidentityprovider.AdminInitiateAuthInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminInitiateAuthOutput, error)
	AdminRespondToAuthChallenge func(context.Context, *cognitoidentityprovider.AdminRespondToAuthChallengeInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminRespondToAuthChallengeOutput, error)
	DescribeUserPoolClient      func(context.Context, *cognitoidentityprovider.DescribeUserPoolClientInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.DescribeUserPoolClientOutput, error)
}

func callsOf(c *cognitoidentityprovider.Client) calls {
	return calls{
		AdminCreateUser:             c.AdminCreateUser,
		AdminSetUserPassword:        c.AdminSetUserPassword,
		AdminInitiateAuth:           c.AdminInitiateAuth,
		AdminRespondToAuthChallenge: c.AdminRespondToAuthChallenge,
		DescribeUserPoolClient:      c.DescribeUserPoolClient,
	}
}

// callsOfPasswords are those of Passwords; the others are nil, and not linked.
func callsOfPasswords(c *cognitoidentityprovider.Client) calls {
	return calls{AdminCreateUser: c.AdminCreateUser, AdminSetUserPassword: c.AdminSetUserPassword}
}
