package plugin

import (
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

func encodeUTF16(text string, order binary.AppendByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func TestUTF16IsRead(t *testing.T) {
	const text = "status Größe 日本 😀\r\nmetric a int 1\r\n"
	const want = "virgo, available: Größe 日本 😀\na int64 1\n"
	for name, in := range map[string]string{
		"UTF-8":                        text,
		"UTF-8 with a mark":            "\ufeff" + text,
		"little endian":                encodeUTF16("\ufeff"+text, binary.LittleEndian),
		"big endian":                   encodeUTF16("\ufeff"+text, binary.BigEndian),
		"little endian without a mark": encodeUTF16(text, binary.LittleEndian),
		"big endian without a mark":    encodeUTF16(text, binary.BigEndian),
	} {
		if got := describe(parseOutput([]byte(in), "", 0, 0)); got != want {
			t.Errorf("%s: %s", name, got)
		}
		for how, r := range map[string]io.Reader{
			"byte by byte": iotest.OneByteReader(strings.NewReader(in)), "the end with the data": iotest.DataErrReader(strings.NewReader(in)),
		} {
			b, err := io.ReadAll(&utf16Reader{r: r})
			if err != nil || strings.TrimPrefix(string(b), "\ufeff") != text {
				t.Errorf("%s, %s: %q, %v", name, how, b, err)
			}
		}
	}
}

func TestDamagedUTF16(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a": "a", "a\x00": "a\x00", "a\x00b": "a\x00b", "\xff\xfe": "", "\xff\xfea": "\ufffd", "\xff\xfea\x00b": "a\ufffd",
		"\xff\xfe\x00\xd8":         "\ufffd", // a half pair
		"\xff\xfe\x00\xd8a\x00":    "\ufffda",
		"\xff\xfe\x00\xdca\x00":    "\ufffda",
		"\xff\xfe\x3d\xd8\x00\xde": "😀",
	} {
		b, err := io.ReadAll(&utf16Reader{r: strings.NewReader(in)})
		if err != nil || strings.TrimPrefix(string(b), "\ufeff") != want {
			t.Errorf("%q: %q, %v, want %q", in, b, err, want)
		}
	}
	boom := iotest.ErrReader(io.ErrUnexpectedEOF)
	if b, err := io.ReadAll(&utf16Reader{r: io.MultiReader(strings.NewReader("\xff\xfea\x00b"), boom)}); err != io.ErrUnexpectedEOF || string(b) != "\ufeffa\ufffd" {
		t.Errorf("%q, %v", b, err)
	}
}
