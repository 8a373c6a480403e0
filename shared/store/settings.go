package store

import (
	"context"

	"clientele/shared/membership"
)

func settingsItem(s membership.Settings) item {
	i := newItem(settingsKey(), entitySettings)
	i.setBool("selfRegistration", s.SelfRegistration)
	i.setBool("registrationNeedsApproval", s.RegistrationNeedsApproval)
	i.setStr("credentials", string(s.Credentials))
	i.setStrs("allowedDomains", s.AllowedDomains)
	i.setStr("registrationAddress", s.RegistrationAddress)
	i.setStr("approvers", string(s.Approvers))
	i.setStrs("embedSites", s.EmbedSites)
	i.setInt("reminderHours", s.ReminderHours)
	i.setBool("disapprovalSilent", s.DisapprovalSilent)
	i.setStr("disapprovalReason", s.DisapprovalReason)
	fields := map[string]string{}
	for _, f := range s.RegistrationFields.All() {
		fields[f.Name] = string(f.Rule)
	}
	i.setMap("registrationFields", fields)
	i.setTime("changedAt", s.ChangedAt)
	i.setInt("version", s.Version)
	return i
}

// settingsFrom returns the settings of an item, or the defaults when there is none.
func settingsFrom(i item) membership.Settings {
	if i == nil {
		return membership.DefaultSettings()
	}
	rule := func(name string) membership.FieldRule {
		if r := i.strMap("registrationFields")[name]; r != "" {
			return membership.FieldRule(r)
		}
		return membership.FieldOff
	}
	return membership.Settings{
		SelfRegistration: i.bool("selfRegistration"), RegistrationNeedsApproval: i.bool("registrationNeedsApproval"),
		Credentials: membership.PasswordMode(i.str("credentials")), AllowedDomains: i.strs("allowedDomains"),
		RegistrationAddress: i.str("registrationAddress"), Approvers: membership.Approvers(i.str("approvers")), EmbedSites: i.strs("embedSites"),
		ReminderHours: i.int("reminderHours"), DisapprovalSilent: i.bool("disapprovalSilent"), DisapprovalReason: i.str("disapprovalReason"),
		RegistrationFields: membership.RegistrationFields{Company: rule("company"), Phone: rule("phone"), Street: rule("street"), Postcode: rule("postcode"),
			City: rule("city"), Region: rule("region"), Country: rule("country"), Comment: rule("comment")},
		ChangedAt: i.time("changedAt"), Version: i.int("version"),
	}
}

// Settings returns the settings that hold now: one consistent read of one item, a unit or two.
func (t Table) Settings(ctx context.Context) (membership.Settings, error) {
	i, err := t.get(ctx, settingsKey())
	return settingsFrom(i), err
}

// ChangeSettings replaces before with after. Errors: ErrStale, ErrInProgress.
func (t Table) ChangeSettings(ctx context.Context, before, after membership.Settings, tr membership.Trail) error {
	w := t.write()
	same := versionIs(before.Version)
	if before.Version == membership.DefaultSettings().Version { // not stored
		same = absent()
	}
	w.put(settingsItem(after), same, membership.ErrStale)
	w.trail(tr)
	return t.commit(ctx, w)
}
