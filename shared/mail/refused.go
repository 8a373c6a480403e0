package mail

// Refused is the error of a mail that will never be accepted as it is: the address or the content is at fault, and
// trying again is useless. Every other error of a Sender is temporary.
//
//	var refused mail.Refused
//	if errors.As(err, &refused) { ... refused.Reason ... }
type Refused struct {
	Reason string // for operators; says what SES said
	Err    error
}

func (r Refused) Error() string { return "mail refused: " + r.Reason }

// Unwrap returns SES's error.
func (r Refused) Unwrap() error { return r.Err }
