package plugin

import (
	"strings"
	"testing"
)

func TestHideSecrets(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"disk.sh: 3: df: not found", "disk.sh: 3: df: not found"},
		{"open /var/lib/app/state: permission denied", "open /var/lib/app/state: permission denied"},
		{"Access denied for user 'a'@'localhost' (using password: YES)", "Access denied for user 'a'@'localhost' (using password: YES)"},
		{"curl: (7) https://bob:hunter2@example.com/x refused", "curl: (7) https://[redacted]@example.com/x refused"},
		{"https://bob:p@ss@example.com/x", "https://[redacted]@example.com/x"},
		{"password=hunter2 rejected", "password=[redacted] rejected"},
		{"PGPASSWORD='hunter2'", "PGPASSWORD=[redacted]"},
		{`{"api_key": "hunter2"}`, `{"api_key": [redacted]`},
		{"mysql --password hunter2 -e x", "mysql --password [redacted] -e x"},
		{"mysql --password=hunter2", "mysql --password=[redacted]"},
		{"Authorization: Bearer hunter2 x", "Authorization: Bearer [redacted] x"},
		{"Authorization:Basic aGVsbG8= x", "Authorization:Basic [redacted] x"},
		{"cannot log in with token hunter2", "cannot log in with token hunter2"}, // no mark
		{"bad key AbcdEFGHijkl0123456789xyz, stop", "bad key [redacted], stop"},
		{"id 0123456789abcdef0123456789abcdef", "id [redacted]"},
		{"https://example.com/?token=hunter2", "https://example.com/?token=[redacted]"},
		{"MY_SECRET: hunter2", "MY_SECRET: [redacted]"},
		{"DSN=bob:hunter2@tcp(db)/x", "DSN=[redacted]"},
		{"", ""},
		{"  two  blanks ", "  two  blanks "},
	} {
		if got := hideSecrets(tt.in); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}

// Only a whole line is shown: of one whose beginning is lost, a secret may have lost its name.
func TestTailHidesSecrets(t *testing.T) {
	tail := newStderrTail()
	tail.read(strings.NewReader(strings.Repeat("x", maxTailBytes) + " password=hunter2"))
	if got := tail.text(); strings.Contains(got, "hunter2") || !strings.HasSuffix(got, "password=[redacted]") {
		t.Errorf("%q", got)
	}
	tail = newStderrTail()
	tail.read(strings.NewReader("password=" + strings.Repeat("hunter2", maxTailBytes/7+1) + " is wrong"))
	if got := tail.text(); got != "is wrong" {
		t.Errorf("%q", got)
	}
	// The truncation comes last.
	tail = newStderrTail()
	tail.read(strings.NewReader("password=" + strings.Repeat("hunter2", 2*maxTailRunes/7) + " is wrong"))
	if got := tail.text(); got != "password=[redacted] is wrong" {
		t.Errorf("%q", got)
	}
}

func FuzzHideSecrets(f *testing.F) {
	f.Add("password=x https://a:b@c --token y Bearer z")
	f.Fuzz(func(t *testing.T, s string) {
		if once := hideSecrets(s); strings.Count(once, " ") != strings.Count(s, " ") {
			t.Errorf("%q became %q", s, once)
		}
	})
}
