// Package mail writes and sends the letters of Clientele.
//
// A letter is a Go struct with typed fields (Invitation, PasswordReset ...) and a text for each language in
// letters/<language>/<letter>.subject, .txt and .html. Postman makes the letter that a mail of the outbox asks for,
// renders it and gives it to a Sender, which is shared/mail/sending. Adding a language is adding a folder; its
// words.json holds what no single letter owns: the greeting, dates, names of roles, the line about the no-reply sender.
// letters/frame.txt and letters/frame.html frame every letter.
//
// Texts are filled by replacing tags such as {{first_name}}, nothing else: people will edit them, so they cannot run
// code, read other data or break out of HTML. Tags lists all tags and what they mean.
//
// Nothing is parsed before a letter is rendered, and nothing is kept afterwards: rendering takes some 50 µs, which is
// nothing compared with sending, and functions that only import this package start no slower for it.
package mail
