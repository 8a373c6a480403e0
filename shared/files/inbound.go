package files

import "context"

// InboundMails are the mails that came in; it is membership.MailFiles.
type InboundMails struct {
	Bucket Bucket
	Start  int64 // how much of a mail is looked at, in bytes; the rest may be 40 MB
}

// Head returns the start of a mail. Errors: ErrNotFound, ErrOverloaded.
func (m InboundMails) Head(ctx context.Context, mailID string) ([]byte, error) {
	return m.Bucket.GetStart(ctx, InboundMail(mailID), m.Start)
}
