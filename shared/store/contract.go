package store

import "clientele/shared/membership"

// The compiler checks that Table has what the rules need.
var (
	_ membership.CustomerStore   = Table{}
	_ membership.SubAccountStore = Table{}
	_ membership.DomainStore     = Table{}
	_ membership.GuestStore      = Table{}
	_ membership.UserStore       = Table{}
	_ membership.InvitationStore = Table{}
	_ membership.SignInStore     = Table{}
	_ membership.OutboxStore     = Table{}
	_ membership.ExpiryStore     = Table{}
	_ membership.ProviderStore   = Table{}
	_ membership.JobStore        = Table{}
	_ membership.RecordStore     = Table{}
	_ membership.EmailStore      = Table{}
	_ membership.RenameStore     = Table{}
	_ membership.ExportStore     = Table{}
	_ membership.ImportStore     = Table{}
	_ membership.SettingsStore   = Table{}
	_ membership.ApprovalStore   = Table{}
)
