package awsclient

import (
	"fmt"
	"os"
	"strings"
)

// The environment variables of functions, as template.yaml sets them. A function passes to Read those that it cannot
// work without.
const (
	Table              = "TABLE"
	UserPoolID         = "USER_POOL_ID"
	PortalClientID     = "PORTAL_CLIENT_ID"
	ConsoleClientID    = "CONSOLE_CLIENT_ID"
	SecretARN          = "SECRET_ARN"
	PortalURL          = "PORTAL_URL"
	ConsoleURL         = "CONSOLE_URL"
	MailFrom           = "MAIL_FROM"
	ConfigurationSet   = "CONFIGURATION_SET"
	ProviderName       = "PROVIDER_NAME"
	DefaultLanguage    = "DEFAULT_LANGUAGE"
	AdministratorEmail = "ADMINISTRATOR_EMAIL"
	Bucket             = "BUCKET"
	RunJobs            = "RUN_JOBS"
	NameServer         = "NAME_SERVER" // the local cloud's; empty on AWS

	endpoint     = "AWS_ENDPOINT_URL" // the local cloud; empty on AWS
	region       = "AWS_REGION"
	accessKey    = "AWS_ACCESS_KEY_ID"
	secretKey    = "AWS_SECRET_ACCESS_KEY"
	sessionToken = "AWS_SESSION_TOKEN"
)

// Settings are the values of the environment. Those that a function did not ask for may be empty.
type Settings struct {
	Table              string
	UserPoolID         string
	PortalClientID     string
	ConsoleClientID    string
	SecretARN          string
	PortalURL          string // public address without a trailing slash; "" means the gateway's own
	ConsoleURL         string
	MailFrom           string
	ConfigurationSet   string
	ProviderName       string
	DefaultLanguage    string
	AdministratorEmail string
	Bucket             string // shared/files
	RunJobs            string // the name of functions/run-jobs
	NameServer         string // host:port, in the local cloud only; "" means the system's
	Region             string
	Endpoint           string // of the local cloud, without a trailing slash; "" on AWS

	accessKey, secretKey, sessionToken string
}

// Read returns the settings, or an error that names every needed variable that is missing or empty.
func Read(needed ...string) (Settings, error) {
	var missing []string
	for _, name := range append([]string{region, accessKey, secretKey}, needed...) {
		if os.Getenv(name) == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return Settings{}, fmt.Errorf("environment variables are missing or empty: %s (template.yaml sets them)", strings.Join(missing, ", "))
	}
	return Settings{
		Table:              os.Getenv(Table),
		UserPoolID:         os.Getenv(UserPoolID),
		PortalClientID:     os.Getenv(PortalClientID),
		ConsoleClientID:    os.Getenv(ConsoleClientID),
		SecretARN:          os.Getenv(SecretARN),
		PortalURL:          os.Getenv(PortalURL),
		ConsoleURL:         os.Getenv(ConsoleURL),
		MailFrom:           os.Getenv(MailFrom),
		ConfigurationSet:   os.Getenv(ConfigurationSet),
		ProviderName:       os.Getenv(ProviderName),
		DefaultLanguage:    os.Getenv(DefaultLanguage),
		AdministratorEmail: os.Getenv(AdministratorEmail),
		Bucket:             os.Getenv(Bucket),
		RunJobs:            os.Getenv(RunJobs),
		NameServer:         os.Getenv(NameServer),
		Region:             os.Getenv(region),
		Endpoint:           strings.TrimSuffix(os.Getenv(endpoint), "/"),
		accessKey:          os.Getenv(accessKey),
		secretKey:          os.Getenv(secretKey),
		sessionToken:       os.Getenv(sessionToken),
	}, nil
}
