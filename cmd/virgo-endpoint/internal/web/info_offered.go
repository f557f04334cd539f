package web

// An infoType is a type of host information that hosts of this version know. Others are asked for over the API.
type infoType struct {
	name, summary string
	// usual types are told unless the host's owner denies them; the others only where the owner allows them.
	usual bool
}

// infoTypes returns the types, those that are usual first.
func infoTypes() []infoType {
	return []infoType{
		{"cpu", "processors, and their time by mode since boot", true},
		{"date", "the host's date, time and time zone", true},
		{"disk", "disks, and their reads and writes since boot", true},
		{"filesystem", "mounted file systems with a capacity, and their free space", true},
		{"filesystem_state", "which disk and network file systems are mounted read-write", true},
		{"hostname", "the name of the host", true},
		{"memory", "memory and swap space", true},
		{"network", "network interfaces, their addresses and traffic", true},
		{"system", "kernel, distribution, architecture and uptime", true},
		{"apache2", "configuration of the Apache web server, with its virtual hosts", false},
		{"autoupdates", "whether automatic updates are enabled", false},
		{"connections", "open connections, and the processes that own them", false},
		{"cron", "cron jobs of the system and of users", false},
		{"cve", "fixed CVEs, from the changelogs of the installed packages", false},
		{"deleted_libs", "processes that still use libraries or programs that were replaced", false},
		{"fail2ban", "jails of fail2ban, and the addresses that they ban", false},
		{"fileperms", "owners and permissions of security-relevant files", false},
		{"fstab", "file systems that are mounted when the system starts", false},
		{"ip4routes", "IPv4 routes of the main table", false},
		{"ip6routes", "IPv6 routes", false},
		{"ip6tables", "rules of the IPv6 packet filter", false},
		{"iptables", "rules of the IPv4 packet filter", false},
		{"kernel_modules", "loaded kernel modules", false},
		{"last_logins", "logins and boots, from /var/log/wtmp", false},
		{"login", "settings of logins and passwords, from /etc/login.defs", false},
		{"lshw", "the hardware, as lshw lists it", false},
		{"lsyncd", "what lsyncd (Live Syncing Daemon) synchronises", false},
		{"magento", "installations of Magento", false},
		{"nginx_config", "configuration of nginx, with its servers", false},
		{"packages", "installed packages with their versions", false},
		{"pam", "PAM modules of each service, from /etc/pam.d", false},
		{"passwd", "accounts, and whether their passwords are locked, missing or old", false},
		{"php", "PHP: version, modules and limits", false},
		{"postfix", "how the Postfix mail server is set up, and what waits in its queues", false},
		{"procs", "running processes", false},
		{"remote_services", "listening sockets, and the processes that own them", false},
		{"services", "services, and which of them start at boot", false},
		{"sshd", "configuration of the SSH server, from its files", false},
		{"sysctl", "kernel parameters (sysctl)", false},
		{"who", "who is logged in", false},
		{"wordpress", "installations of WordPress with their plugins", false},
	}
}
