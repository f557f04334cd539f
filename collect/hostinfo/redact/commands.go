package redact

import (
	"slices"
	"strings"
)

// A word of a command line.
type word struct {
	text string
	// last word of a command: a shell's ; | & or the end of the line follows it.
	last bool
}

// redactCommands finds the programs in a text and removes the passwords that they take.
func (r *redactor) redactCommands(s string) string {
	var (
		words  []word
		places []int // begin and end of each word in s
	)
	found, changed := false, false
	for i := 0; i < len(s); {
		if isBlank(s[i]) {
			if s[i] == '\n' && len(words) > 0 {
				words[len(words)-1].last = true
			}
			i++
			continue
		}
		end := wordEnd(s, i)
		w := word{text: r.redactQuoted(s[i:end])}
		changed = changed || w.text != s[i:end]
		w.last = strings.HasSuffix(w.text, ";") || slices.Contains([]string{"|", "||", "&&", "&"}, w.text)
		found = found || r.program(w.text) != nil
		words, places = append(words, w), append(places, i, end)
		i = end
	}
	if found && r.redactWords(words) {
		changed = true
	}
	if !changed {
		return s
	}
	var b strings.Builder
	copied := 0 // bytes of s that are in b
	for i, w := range words {
		b.WriteString(s[copied:places[2*i]])
		b.WriteString(w.text)
		copied = places[2*i+1]
	}
	b.WriteString(s[copied:])
	return b.String()
}

// redactQuoted searches the first quoted part of a word, which may be a command of its own: su -c
// "mysql -p…". What is quoted has no quote of the same kind in it, so the recursion ends after two
// levels.
func (r *redactor) redactQuoted(text string) string {
	from := strings.IndexAny(text, `"'`)
	if from < 0 {
		return text
	}
	inner, after, closed := strings.Cut(text[from+1:], text[from:from+1])
	if !closed || !strings.ContainsAny(inner, " \t") {
		return text
	}
	return text[:from+1] + r.redactCommands(inner) + text[from:from+1] + after
}

// wordEnd returns the end of the word at i; blanks in quotes belong to it. A quote that its line
// does not close is a character like others.
func wordEnd(s string, i int) int {
	var quote byte
	blank := len(s) // the first one, quoted or not
	for j := i; j < len(s); j++ {
		c := s[j]
		if isBlank(c) {
			blank = min(blank, j)
		}
		switch {
		case isBlank(c) && quote == 0:
			return j
		case c == '\n':
			return blank
		case c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		}
	}
	return blank
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// redactWords replaces the words that are passwords, and reports whether there was one. All
// programs that a command names count up to its end, because an argument may have the name of one.
func (r *redactor) redactWords(words []word) bool {
	var named []*passwordProgram
	changed := false
	start := 0
	for i, w := range words {
		if p := r.program(w.text); p != nil && !slices.Contains(named, p) {
			named = append(named, p)
		}
		if !w.last && i < len(words)-1 {
			continue
		}
		command := words[start : i+1]
		for _, p := range named {
			r.redactCommand(p, command, func(at, from int) {
				if shown := command[at].text[:from] + Mark; command[at].text != shown {
					r.hide(command[at].text[from:])
					command[at].text, changed = shown, true
				}
			})
		}
		named, start = nil, i+1
	}
	return changed
}

// redactCommand hides the passwords that a program takes in one command; from is where in the word
// at at one begins.
func (r *redactor) redactCommand(p *passwordProgram, command []word, hide func(at, from int)) {
	named, needed, final := false, p.needs == "", 0
	for i, w := range command {
		if !named {
			named = r.program(w.text) == p
			continue
		}
		needed = needed || w.text == p.needs
		switch flag := p.joinedFlag(w.text); {
		case !needed || w.text == p.needs:
		case isListed(p.next, w.text) || p.letters != "" && endsInFlag(w.text, p.letters):
			if i+1 < len(command) && !strings.HasPrefix(command[i+1].text, "--") {
				hide(i+1, 0)
			}
		case flag != "":
			hide(i, len(flag))
		case p.slash && afterSlash(w.text) > 0:
			hide(i, afterSlash(w.text))
		case isListed(p.second, w.text) && i+2 < len(command):
			hide(i+2, 0)
		}
		if p.final && isRedirection(w.text) {
			break
		}
		isArgument := !strings.HasPrefix(w.text, "-") && strings.Trim(w.text, "|&;") != ""
		if p.final && needed && w.text != p.needs && isArgument {
			final = i
		}
	}
	if final > 0 {
		hide(final, 0)
	}
}

// program returns how the program of that name takes passwords, or nil.
func (r *redactor) program(text string) *passwordProgram {
	const maxName = 32 // bytes
	if i := strings.LastIndexAny(text, `/\`); i >= 0 {
		text = text[i+1:]
	}
	text = strings.Trim(strings.TrimSuffix(text, ".exe"), `"'()$`+"`")
	if text == "" || len(text) > maxName {
		return nil
	}
	return r.programs[text]
}

// joinedFlag returns the flag of joined that a word begins with, or "".
func (p *passwordProgram) joinedFlag(text string) string {
	for flag := range strings.FieldsSeq(p.joined) {
		if rest, ok := strings.CutPrefix(text, flag); ok && rest != "" {
			return flag
		}
	}
	return ""
}

// endsInFlag reports whether a word is several one-letter flags, the last of them one of these.
func endsInFlag(text, flags string) bool {
	if len(text) < 3 || text[0] != '-' || text[1] == '-' {
		return false
	}
	for _, c := range text[1:] {
		if c < 'A' || c > 'z' || c > 'Z' && c < 'a' {
			return false
		}
	}
	return strings.IndexByte(flags, text[len(text)-1]) >= 0
}

// afterSlash is where in NAME/PASSWORD, also after userid=, the password begins; 0 if there is
// none.
func afterSlash(text string) int {
	name, password, ok := strings.Cut(text, "/")
	name = strings.TrimLeft(name[strings.IndexByte(name, '=')+1:], `"'`)
	if !ok || password == "" || name == "" || strings.Trim(name, nameCharacters+"$#") != "" ||
		strings.Contains(text, "=") && !strings.HasPrefix(text, "userid=") {
		return 0
	}
	return len(text) - len(password)
}

// isRedirection distinguishes 2>&1 and >/dev/null from an argument.
func isRedirection(text string) bool {
	text = strings.TrimLeft(text, "0123456789&")
	return text != "" && (text[0] == '>' || text[0] == '<')
}

func isListed(list, text string) bool {
	return text != "" && slices.Contains(strings.Fields(list), text)
}
