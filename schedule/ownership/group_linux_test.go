package ownership

import (
	"strings"
	"testing"
)

func TestHasNoOthers(t *testing.T) {
	const passwd = "root:x:0:0::/root:/bin/sh\nwww:x:33:33::/:/bin/false\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\nkim:x:1002:60::/:/bin/sh\n"
	const group = "root:x:0:\nstaff:x:50:\nadm:x:4:root,ann\nwww:x:33:\ngames:x:60:\nann:x:1000:\nshared:x:1003:\nbob:x:1001:ann\nshort\n"
	for _, tt := range []struct {
		gid  uint32
		euid int
		want bool
	}{
		{0, 0, true},        // root's own
		{50, 0, true},       // a fixed one of nobody
		{4, 0, false},       // it has a member
		{4, 1000, true},     // who asks
		{33, 0, false},      // somebody's primary group
		{60, 0, false},      // likewise
		{1000, 1000, true},  // the user's own
		{1003, 1000, false}, // not of the user's name: others may have it in a directory service
		{1001, 1001, false}, // it has another member
		{77, 0, false},      // unknown
	} {
		got := hasNoOthers(tt.gid, tt.euid, strings.NewReader(passwd), strings.NewReader(group))
		if got != tt.want {
			t.Errorf("group %d for user %d: %v", tt.gid, tt.euid, got)
		}
	}
	if long := strings.Repeat("x", 1<<20); hasNoOthers(0, 0, strings.NewReader(long), strings.NewReader(group)) {
		t.Error("a file that cannot be read proves nothing")
	}
}
