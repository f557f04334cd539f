// Package program hands notifications to a program of the owner: SMS by whichever service or gateway there is, a ticket
// system, a lamp.
//
// The program gets the message as JSON (notify.Message.JSON) on standard input, and the main fields as variables, so
// that a shell script needs no parser: VIRGO_ALARM_ID, VIRGO_ALARM_KIND, VIRGO_ALARM_STATE, VIRGO_ALARM_TITLE,
// VIRGO_ALARM_TEXT, VIRGO_ALARM_LINK, VIRGO_ALARM_HOST, VIRGO_ALARM_ESCALATION. Its arguments are those of notify.yaml;
// no text of a host is in them, and there is no shell between. Of the endpoint's environment it has PATH, HOME, LANG and TZ
// alone: the rest may hold secrets of other notifiers.
//
// Exit code 0 takes the message over; 65 (EX_DATAERR) says that this one will never be taken; every other code is
// repeated. The tail of standard error is in the error, without control characters. The program runs in a process
// group of its own, which is killed when its time is over, with all that it started.
//
// Before each start package ownership is asked whether somebody else than root and this user could have changed the
// program.
package program
