package files

import "context"

// InboundMails are the mails that came in; it implements membership.MailFiles.
type InboundMails struct {
	Bucket Bucket
	Start  int64 // how many bytes of a mail are read; the rest may be 40 MB
}

// Head returns the start of a mail. Errors: ErrNotFound, ErrOverloaded.
func (m InboundMails) Head(ctx context.Context, mailID string) ([]byte, error) {
	return m.Bucket.GetStart(ctx, InboundMail(mailID), m.Start)
}
