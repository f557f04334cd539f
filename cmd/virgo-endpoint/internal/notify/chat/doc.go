// Package chat sends notifications to chat services by shoutrrr.
package chat
