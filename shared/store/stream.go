package store

import "strings"

// MailOf returns the id of the mail that an item of the stream is, from its partition key and entity; ok is false for
// every other item.
func MailOf(pk, entity string) (mailID string, ok bool) {
	if entity != entityMail {
		return "", false
	}
	return strings.CutPrefix(pk, mailPrefix)
}
