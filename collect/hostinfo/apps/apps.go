// Package apps reads how server programs other than web servers are set up, and what they do now:
// Postfix, fail2ban and lsyncd.
//
// Sources are their configuration files, Postfix's queue folders, and what postconf,
// fail2ban-client and lsyncd print. A program that is not installed is an answer with installed
// false, not an error. Of the configuration single settings are picked; tables of passwords
// (sasl_passwd) and fail2ban's actions, which may hold tokens, are not read or not shown.
package apps

import "virgo/collect/hostinfo/source"

// Types returns the questions about server programs.
func Types() []source.Type {
	return []source.Type{
		fail2banType(),
		lsyncdType(),
		postfixType(),
	}
}
