package term

import (
	"strings"
	"testing"
)

func lines(tab *Table, width int) string { return "\n" + tab.format(false, width) }

func TestTableFitsTheWidth(t *testing.T) {
	var tab Table
	tab.Right(2)
	tab.Head("CHECK", "STATE", "TOOK", "RESULT")
	tab.Row("filesystem", "available", "3ms", "/ used\u00a012\u00a0%, /home used\u00a098.1\u00a0%")
	tab.Row("disk", "unavailable", "1s", "no disks are listed")
	for width, want := range map[int]string{
		0: `
CHECK       STATE        TOOK  RESULT
filesystem  available     3ms  / used 12 %, /home used 98.1 %
disk        unavailable    1s  no disks are listed
`,
		200: `
CHECK       STATE        TOOK  RESULT
filesystem  available     3ms  / used 12 %, /home used 98.1 %
disk        unavailable    1s  no disks are listed
`,
		58: `
CHECK       STATE        TOOK  RESULT
filesystem  available     3ms  / used 12 %, /home
                               used 98.1 %
disk        unavailable    1s  no disks are listed
`,
		40: `
CHECK       STATE        TOOK
filesystem  available     3ms
  / used 12 %, /home used 98.1 %
disk        unavailable    1s
  no disks are listed
`,
		24: `
CHECK     STATE     TOOK
filesys…  availab…   3ms
  / used 12 %, /home
  used 98.1 %
disk      unavail…    1s
  no disks are listed
`,
	} {
		got := lines(&tab, width)
		if got != want {
			t.Errorf("at %d columns:%s", width, got)
		}
		for line := range strings.Lines(got) {
			if n := TextWidth(strings.TrimSuffix(line, "\n")); width > 0 && n > width {
				t.Errorf("at %d columns, %d: %q", width, n, line)
			}
		}
	}
}

// A short last column stays beside the others, which are shortened.
func TestShortLastColumn(t *testing.T) {
	var tab Table
	tab.Head("CHECK", "TYPE", "NEXT RUN")
	tab.Row("filesystem_state", "agent.filesystem_state", "in 11s")
	want := `
CHECK           TYPE            NEXT RUN
filesystem_st…  agent.filesys…  in 11s
`
	if got := lines(&tab, 40); got != want {
		t.Error(got)
	}
}

func TestOneColumn(t *testing.T) {
	var tab Table
	tab.Row("one two three")
	if got := lines(&tab, 7); got != "\none two\nthree\n" {
		t.Errorf("%q", got)
	}
}

func TestShortRows(t *testing.T) {
	var tab Table
	tab.Row("a", "b", "c")
	tab.Row("longer")
	tab.Row()
	if got := lines(&tab, 80); got != "\na       b  c\nlonger\n\n" {
		t.Errorf("%q", got)
	}
}

// A terminal shows a Chinese character in two columns, a combining mark in none.
func TestTextWidth(t *testing.T) {
	for s, want := range map[string]int{"": 0, "abc": 3, "日本": 4, "e\u0301": 1, "ü": 1, "🔥": 2, "\u00a0": 1} {
		if got := TextWidth(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
	if got := Wrap("ab cd ef", 5); len(got) != 2 || got[0] != "ab cd" {
		t.Errorf("%q", got)
	}
	if got := Wrap("ab cd", 4); len(got) != 2 || got[0] != "ab" {
		t.Errorf("%q", got)
	}
	if got := Wrap("日本日本", 5); len(got) != 2 || got[0] != "日本" {
		t.Errorf("%q", got)
	}
	if got := Clip("日本日本", 5); got != "日本…" {
		t.Errorf("%q", got)
	}
}
