// Package program hands notifications to a program of the owner: SMS by whichever service or gateway there is, a ticket
// system, a lamp.
//
// The program gets the message as JSON (notify.Message.JSON) on standard input, and the main fields as variables, so
// that a shell script needs no parser: VIRGO_ALARM_ID, VIRGO_ALARM_KIND, VIRGO_ALARM_STATE, VIRGO_ALARM_TITLE,
// VIRGO_ALARM_TEXT, VIRGO_ALARM_LINK, VIRGO_ALARM_HOST, VIRGO_ALARM_ESCALATION. Its arguments are those of notify.yaml;
// no text of a host is in them. Package execute says how it is run, and what its exit code means.
package program
