// Package accounts reads who may use the host and who does: accounts, password ages, PAM, the SSH
// server, logins, and the permissions of the files that guard all of this.
//
// Sources are passwd(5), shadow(5), login.defs(5), pam.d(5), sshd_config(5) with the files that it
// includes, utmp(5) in both its layouts, and logind's session files where there is no utmp. sshd -T
// is not run, because it would read the host's keys. Without root /etc/shadow cannot be read, and
// the state of passwords is missing.
//
// No password hash is shown; of /etc/shadow only whether there is a password, and its dates. Files
// of keys are named and never opened. Of sshd's SetEnv only names are shown.
package accounts

import "virgo/collect/hostinfo/source"

// Types returns the questions about accounts and logins.
func Types() []source.Type {
	return []source.Type{
		filepermsType(),
		lastLoginsType(),
		loginType(),
		pamType(),
		passwdType(),
		sshdType(),
		whoType(),
	}
}
