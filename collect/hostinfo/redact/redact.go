package redact

import (
	"strings"
	"sync"
)

const (
	// Mark is the text that replaces a secret.
	Mark = "[redacted]"
	// MaxExcerpt bounds a text that is copied out of a file, in bytes.
	MaxExcerpt = 4096
)

// A redactor is the four tables, ready to be used.
type redactor struct {
	shapes   []compiledShape
	names    nameTable
	programs map[string]*passwordProgram
	// hidden are the secrets that were removed from the text at hand; nil where nothing is noted.
	hidden *[]string
}

// noting returns a redactor for one text, which notes what it removes.
func (r *redactor) noting() *redactor {
	own := *r
	own.hidden = new([]string)
	return &own
}

// standard compiles the tables when the first text is redacted.
var standard = sync.OnceValue(func() *redactor {
	return newRedactor(shapes(lists()), names(), passwordPrograms())
})

func newRedactor(shapes []shape, names nameTable, programs []passwordProgram) *redactor {
	return &redactor{shapes: compileShapes(shapes), names: names, programs: byName(programs)}
}

// Text removes what looks like a secret from a text that may contain anything. It recognises
//
//   - shapes: PEM blocks, the user's part of an address (user:pw@host), authorization headers,
//     hashes as crypt(5) and databases write them, the tokens of well-known services;
//   - the value of a name that means a secret: password=…, "api_key": "…", --token …,
//     define('DB_PASSWORD', …), a line that is requirepass and a word;
//   - what well-known programs take as a password without saying so: mysql -p…, curl -u …,
//     redis-cli -a …;
//   - what a shell pipes into a program that asks for a password;
//   - the same secret elsewhere in the text, also in another encoding.
//
// If in doubt it removes a word. Values such as yes and off remain, and so does the path of a file
// that contains a secret. Applying Text to its own result changes nothing. Its time is linear in the
// length of the text.
func Text(s string) string { return standard().text(s) }

func (r *redactor) text(s string) string {
	own := r.noting()
	return own.redactRepeated(own.marked(s))
}

// marked removes what is marked as a secret.
func (r *redactor) marked(s string) string {
	// What one step removes may let another recognise what follows it.
	const maxPasses = 4
	for range maxPasses {
		shown := r.redactCommands(r.redactNamed(r.redactShapes(s)))
		if shown == s {
			break
		}
		s = shown
	}
	return s
}

// Args is Text for a command line that is already split into arguments, so a value may contain
// blanks. The first argument is the program; a process that sets its own title has only that one.
func Args(args []string) []string { return standard().args(args) }

func (r *redactor) args(args []string) []string {
	r = r.noting()
	words := make([]word, len(args))
	for i, arg := range args {
		switch name, at := cutName(arg); {
		case i > 0 && r.takesNext(args[i-1], i-1) && !r.isFlag(arg):
			r.hide(arg)
			words[i].text = Mark
		case at > 0 && r.isSecret(name, arg[at:]):
			r.hide(arg[at:])
			words[i].text = arg[:at] + Mark
		default:
			words[i].text = r.marked(arg)
		}
	}
	r.redactWords(words)
	shown := make([]string, len(words))
	for i, w := range words {
		shown[i] = r.redactRepeated(w.text)
	}
	return shown
}

// Setting returns the value of a setting without secrets, or Mark if by its name the value is one.
func Setting(name, value string) string {
	if IsSecret(name, value) {
		return Mark
	}
	return Text(value)
}

// IsSecret reports whether the value of a setting of that name is a secret.
func IsSecret(name, value string) bool { return standard().isSecret(name, value) }

func (r *redactor) isSecret(name, value string) bool {
	return r.names.isSecret(name) && !r.names.isHarmless(name, value)
}

// Excerpt returns Text of the first MaxExcerpt bytes of s at most, truncated as by [Truncate].
func Excerpt(s string) string { return Text(Truncate(s, MaxExcerpt)) }

// Truncate truncates a text between words to at most maxBytes. Within a word it could separate a
// password in an address from the @ that marks it as one.
func Truncate(s string, maxBytes int) string {
	if len(s) <= maxBytes {
		return s
	}
	return s[:strings.LastIndexAny(s[:maxBytes], " \t\n,")+1]
}

// takesNext reports whether the argument after this one is a secret: --password, or the bare word
// password (nmcli) where it is not the program itself.
func (r *redactor) takesNext(arg string, i int) bool {
	if r.isFlag(arg) {
		return r.names.isSecret(arg) && !strings.Contains(arg, "=")
	}
	return i > 0 && (strings.EqualFold(arg, "password") || strings.EqualFold(arg, "passphrase"))
}

// isFlag distinguishes --password and -h from a value, which may begin with one dash.
func (r *redactor) isFlag(arg string) bool {
	return strings.HasPrefix(arg, "--") || len(arg) == 2 && arg[0] == '-' ||
		strings.HasPrefix(arg, "-") && r.names.isSecret(arg)
}

// cutName splits NAME=VALUE and Name: value; at is where the value begins, or 0 if it is neither.
func cutName(arg string) (name string, at int) {
	i := strings.IndexAny(arg, "=:")
	if i <= 0 || strings.Trim(arg[:i], nameCharacters) != "" {
		return "", 0
	}
	at = i + 1
	for at < len(arg) && arg[at] == ' ' {
		at++
	}
	return arg[:i], at
}
