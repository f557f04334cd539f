package host

import "strings"

// diskName is a drive as a person may write it: c, c:\ and \\.\C: are C:.
func diskName(name string) string {
	name = strings.ToUpper(strings.TrimRight(strings.TrimPrefix(name, `\\.\`), `\/:`))
	return name + ":"
}
