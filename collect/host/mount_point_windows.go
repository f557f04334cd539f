package host

import "strings"

// cleanPoint is a drive as a person may write it: c:\ is C:.
func cleanPoint(point string) string { return strings.ToUpper(strings.TrimRight(point, `\/`)) }
