package plugin

import "strings"

// inheritedNames are the variables that plugins inherit: those that Windows sets for every process of a
// user, without which many programs do not start.
func inheritedNames() []string {
	return []string{
		"PATH", "PATHEXT", "COMSPEC", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "OS", "TEMP", "TMP", "TZ", "LANG",
		"ALLUSERSPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PUBLIC", "USERPROFILE", "HOMEDRIVE", "HOMEPATH",
		"PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432", "COMMONPROGRAMFILES", "COMMONPROGRAMFILES(X86)", "COMMONPROGRAMW6432",
		"COMPUTERNAME", "USERNAME", "USERDOMAIN", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "PROCESSOR_ARCHITEW6432",
		"PSMODULEPATH",
	}
}

func sameName(a, b string) bool { return strings.EqualFold(a, b) }
