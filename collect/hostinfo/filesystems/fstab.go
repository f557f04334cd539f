package filesystems

import (
	"context"
	"strconv"
	"strings"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

type fstabLine struct {
	FileSystem string `json:"file_system" doc:"device, label, UUID or server"`
	MountPoint string `json:"mount_point" doc:"where it is mounted; none for swap space"`
	Type       string `json:"type" doc:"type of the file system"`
	Options    string `json:"options" doc:"names of mount options, comma-separated; with their values if the owner chose host_info_arguments: full"`
	Dump       int    `json:"dump" doc:"whether dump(8) saves it: 0 is no"`
	Pass       int    `json:"pass" doc:"in which pass fsck(8) checks it when the system starts: 0 is not at all"`
}

func fstabType() source.Type {
	return source.Type{
		Name:    "fstab",
		Summary: "file systems that are mounted when the system starts",
		Systems: []string{"linux"},
		Shape:   []fstabLine{},
		Read: func(_ context.Context, h *source.Host) (any, error) {
			b, err := h.Read("/etc/fstab")
			if err != nil {
				return nil, err
			}
			return parseFstab(b, h.Arguments), nil
		},
	}
}

// parseFstab parses fstab(5) and /proc/mounts, which have one format. The last three fields may be
// missing; a shorter line is left out.
func parseFstab(b []byte, show redact.Arguments) []fstabLine {
	all := []fstabLine{}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 3 || strings.HasPrefix(f[0], "#") {
			continue
		}
		l := fstabLine{FileSystem: showDevice(unescape(f[0])), MountPoint: redact.Value("", unescape(f[1])), Type: redact.Value("", f[2])}
		if len(f) > 3 {
			l.Options = showOptions(show, unescape(f[3]))
		}
		if len(f) > 4 {
			l.Dump, _ = strconv.Atoi(f[4]) // 0 if it is no number, as for getmntent(3)
		}
		if len(f) > 5 {
			l.Pass, _ = strconv.Atoi(f[5])
		}
		all = append(all, l)
	}
	return all
}

// unescape decodes the octal escapes of fstab(5): \040 for a blank.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
