// Package awsclient is the one place that reads the environment and the secret, and builds SDK clients.
//
// The configuration is built by hand: the SDK's own loader looks for profiles, single sign-on and instance metadata,
// none of which a function has, and costs about a third more start-up time (design 4). The client of each service has
// its own package below this one, because Go links packages: a function that only reads the table must not carry
// Cognito and SES.
package awsclient
