package term

import (
	"io"
	"os"
	"strings"
	"unicode"

	xterm "golang.org/x/term"
)

// Width returns the columns of a terminal; 0 if w is none, or does not tell.
func Width(w io.Writer) int {
	file, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := xterm.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// TextWidth returns how many columns a terminal needs for s.
func TextWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// wide are the blocks of characters that take two columns (Unicode Standard Annex #11, classes W and
// F), as ranges of first and last one.
var wide = [...][2]rune{
	{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0xa4cf}, {0xa960, 0xa97c}, {0xac00, 0xd7a3}, {0xf900, 0xfaff},
	{0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
	{0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
}

func runeWidth(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) || r == '\u200b' || r == '\u200d' {
		return 0
	}
	for _, block := range wide {
		if block[0] <= r && r <= block[1] {
			return 2
		}
	}
	return 1
}

// Clip returns s, shortened to a width, with U+2026 in place of what is cut, and with plain spaces.
func Clip(s string, width int) string {
	s = plainSpaces(s)
	if TextWidth(s) <= width {
		return s
	}
	left, end := max(width, 1)-1, 0
	for i, r := range s {
		if left -= runeWidth(r); left < 0 {
			break
		}
		end = i + len(string(r))
	}
	return s[:end] + "…"
}

// Wrap splits s into lines of at most a width, at spaces where it can. There is at least one line.
func Wrap(s string, width int) []string {
	if TextWidth(s) <= width {
		return []string{plainSpaces(s)}
	}
	var lines []string
	var line strings.Builder
	used := 0
	end := func() {
		lines = append(lines, plainSpaces(line.String()))
		line.Reset()
		used = 0
	}
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }) {
		if n := TextWidth(word); used > 0 && used+1+n > width {
			end()
		}
		if used > 0 {
			line.WriteByte(' ')
			used++
		}
		for _, r := range word {
			n := runeWidth(r)
			if used > 0 && used+n > width {
				end()
			}
			line.WriteRune(r)
			used += n
		}
	}
	end()
	return lines
}

func plainSpaces(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }
