package accounts

import (
	"encoding/json"
	"testing"

	"virgo/collect/hostinfo/sourcetest"
)

func TestSSHDIncludesAreBounded(t *testing.T) {
	c := sshdConfig{global: make(sshdSettings)}
	c.glob = func(string) []string { return []string{"x"} }
	c.read = func(string) ([]byte, error) { return []byte("Include again again\n"), nil }
	c.parse([]byte("Include x\nPort 22\n"), 0)
	if err := c.problems.Err(); err == nil || c.files > maxSSHDFiles*3 {
		t.Errorf("%d files, %v", c.files, err)
	}
	if c.settings()["port"] != "22" {
		t.Errorf("%v", c.settings())
	}
}

func TestSSHDFilesAreBounded(t *testing.T) {
	reads := 0
	c := sshdConfig{
		global: make(sshdSettings),
		glob:   func(string) []string { return make([]string, 10*maxSSHDFiles) },
		read:   func(string) ([]byte, error) { reads++; return nil, nil },
	}
	c.parse([]byte("Include *\n"), 0)
	if reads > maxSSHDFiles+1 || c.problems.Err() == nil {
		t.Errorf("%d files, %v", reads, c.problems.Err())
	}
}

func FuzzSSHD(f *testing.F) {
	sourcetest.Seeds(f, "machine/*/etc/ssh/sshd_config", "machine/*/etc/ssh/sshd_config.d/*")
	f.Add([]byte("Match all\nMatch User x\nInclude a\nPort=\"22\nMatch\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := sshdConfig{global: make(sshdSettings),
			glob: func(string) []string { return []string{"x"} },
			read: func(string) ([]byte, error) { return b[:len(b)/2], nil }}
		c.parse(b, 0)
		if _, err := json.Marshal(c.settings()); err != nil || c.files > maxSSHDFiles*(len(b)+2) {
			t.Errorf("%d files, %v", c.files, err)
		}
	})
}
