// Package mail sends notifications as mail.
package mail
