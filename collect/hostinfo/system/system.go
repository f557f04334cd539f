// Package system reads the kernel, the distribution and what runs: processes, services, cron jobs,
// kernel modules and kernel settings.
//
// Sources are /proc, os-release(5), the crontabs and systemd's unit files; gopsutil for processes
// and on systems other than Linux. lsb_release and systemctl are not run. What another user's
// process hides from this one is empty.
//
// The environment of a process is never read. Of command lines names are shown;
// kernel settings that are keys or random, and the addresses of kernel modules, are left out. Of
// the variables in a crontab only names are shown.
package system

import "virgo/collect/hostinfo/source"

// Types returns the questions about the system and what runs on it.
func Types() []source.Type {
	return []source.Type{
		cronType(),
		dateType(),
		deletedLibsType(),
		hostnameType(),
		kernelModulesType(),
		procsType(),
		servicesType(),
		sysctlType(),
		systemType(),
	}
}
