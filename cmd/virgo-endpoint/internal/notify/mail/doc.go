// Package mail sends notifications as mail, by wneessen/go-mail.
//
// A message goes to one server in one connection, which is protected (STARTTLS, or TLS from the beginning) and whose
// certificate is verified, unless the owner said otherwise. It has a text part and an HTML part with no picture in it,
// and is marked as sent by a program (Auto-Submitted). Its Message-ID follows from the message's id: where a server got
// it twice, because this process was killed before it noted the first, mail programs show it once. In-Reply-To and
// References name the alarms, so that all about one alarm is shown as one thread.
//
// A mail that any recipient's server refuses is sent to none, and repeated. An error has the server's answer, never
// the password, whatever the server answers.
package mail
