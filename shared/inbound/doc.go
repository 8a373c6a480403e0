// Package inbound reads mails that strangers send: their header, and nothing else. No part of the body is ever opened, so
// attachments, and all that is wrong inside them, stay where they are.
//
// It is strict where reading in two ways would let somebody write in another's name (two senders, groups, line ends and
// NUL where none belong), and forgiving where only a name or a subject suffers (unknown and wrong charsets, bytes
// without any). It returns one line of plain text per field, bounded in length
// (docs/decisions/026-mails-that-come-in.md).
package inbound
