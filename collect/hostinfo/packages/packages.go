// Package packages reads which software packages are installed, whether the host updates them by
// itself, and which vulnerabilities their changelogs name as fixed.
//
// Sources are the databases of dpkg, apk, pacman and Homebrew; rpm and FreeBSD's pkg are run,
// because their databases are binary. Changelogs come from /usr/share/doc and from rpm. The
// settings of automatic updates come from apt.conf(5), yum-cron(8) and dnf-automatic(8); their
// sections about mail, which hold passwords, are not shown.
package packages

import "virgo/collect/hostinfo/source"

// Types returns the questions about software packages.
func Types() []source.Type {
	return []source.Type{
		autoupdatesType(),
		cveType(),
		packagesType(),
	}
}
