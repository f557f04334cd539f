package yaml

import (
	"errors"
	"strings"
	"testing"
)

// What the plain parser accepts is tested in package full, against the parser of that package.

func TestNotPlain(t *testing.T) {
	const secret = "s3cr3t"
	for _, in := range []string{"token: [" + secret + "\n", "token: \"" + secret + "\n", secret + ": 1\n" + secret + ": 2\n"} {
		root, err := ParsePlain("x.yaml", []byte(in))
		var e *Error
		if !errors.Is(err, ErrNotPlain) || !errors.As(err, &e) || e.File != "x.yaml" {
			t.Errorf("%q: root %+v, error %v", in, root, err)
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error for %q shows the value: %v", in, err)
		}
	}
}

// No parser accepts it, so nobody need try another one.
func TestTooLargeIsNotAQuestionOfTheParser(t *testing.T) {
	_, err := ParsePlain("x.yaml", []byte(strings.Repeat("#\n", MaxBytes/2+1)))
	var e *Error
	if !errors.As(err, &e) || errors.Is(err, ErrNotPlain) || err.Error() != "x.yaml: larger than 4194304 bytes" {
		t.Errorf("error %v", err)
	}
}

// A plain file costs its tree and one copy of the text.
func TestPlainParserAllocatesLittle(t *testing.T) {
	data := []byte(strings.Repeat("# a comment\n", 50) + "a: b\nc: d\ne: 1\n")
	if n := testing.AllocsPerRun(100, func() {
		if _, err := ParsePlain("f", data); err != nil {
			t.Fatal(err)
		}
	}); n > 2 {
		t.Errorf("%v allocations", n)
	}
}
