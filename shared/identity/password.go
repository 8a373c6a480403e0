package identity

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"clientele/shared/membership"
)

// Passwords is the part of the pool that makes accounts and sets their passwords, for functions that let nobody in:
// they link nothing else, and may do nothing else.
type Passwords struct {
	api calls
	id  string
}

// NewPasswords returns that part of a pool.
func NewPasswords(api *cognitoidentityprovider.Client, poolID string) Passwords {
	return Passwords{api: callsOfPasswords(api), id: poolID}
}

// Create makes the account if there is none. Cognito gives it a password of its own, which nobody learns.
// Errors: ErrOverloaded.
func (p Passwords) Create(ctx context.Context, userID string) error {
	_, err := p.api.AdminCreateUser(ctx, &cognitoidentityprovider.AdminCreateUserInput{
		UserPoolId: &p.id, Username: &userID, MessageAction: types.MessageActionTypeSuppress,
	})
	var exists *types.UsernameExistsException
	if err == nil || errors.As(err, &exists) {
		return nil
	}
	return failure("AdminCreateUser", err)
}

// SetPassword sets a password for good. Errors: Invalid (password), ErrOverloaded.
func (p Passwords) SetPassword(ctx context.Context, userID, password string) error {
	_, err := p.api.AdminSetUserPassword(ctx, &cognitoidentityprovider.AdminSetUserPasswordInput{
		UserPoolId: &p.id, Username: &userID, Password: &password, Permanent: true,
	})
	if err == nil {
		return nil
	}
	if code := codeOf(err); code == "InvalidPasswordException" {
		return membership.InvalidField("password", "invalid_password", "This password cannot be used. Choose another one.").Because(err)
	}
	return failure("AdminSetUserPassword", err)
}
