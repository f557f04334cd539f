package service

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"virgo/collect/trust"
)

const (
	// maxOptionFiles are read for one check, those that are included counted.
	maxOptionFiles = 64
	// maxOptionDepth is how deep files may include each other: the client library's own bound.
	maxOptionDepth = 10
)

// mysqlOptions are what the [client] groups of an option file say, by name, with - for _; of an option that is
// given twice the last stands. An option without a value is "".
type mysqlOptions map[string]string

// optionLine is a line of an option file that says something: an option of a client's, or a file or a folder to
// read at this place.
type optionLine struct {
	name, value string
	include     bool
	folder      bool // !includedir
}

// readMySQLOptions reads the option file at path and those that it includes. Errors name the file and the line,
// and never what is written there.
func readMySQLOptions(path string) (mysqlOptions, error) {
	options, left := make(mysqlOptions), maxOptionFiles
	if err := options.read(path, 0, &left); err != nil {
		return nil, err
	}
	return options, nil
}

func (o mysqlOptions) read(path string, depth int, left *int) error {
	if depth > maxOptionDepth {
		return fmt.Errorf("%s is included more than %d files deep", path, maxOptionDepth)
	}
	if *left--; *left < 0 {
		return fmt.Errorf("more than %d option files are included", maxOptionFiles)
	}
	data, err := trust.ReadFile(path)
	if err != nil {
		return err
	}
	lines, err := parseMySQLOptions(string(data))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, l := range lines {
		switch {
		case !l.include:
			o[l.name] = l.value
		case l.folder:
			entries, err := os.ReadDir(l.value)
			if err != nil {
				return fmt.Errorf("included by %s: %w", path, err)
			}
			for _, e := range entries { // sorted by name
				if name := e.Name(); strings.HasSuffix(name, ".cnf") || strings.HasSuffix(name, ".ini") {
					if err := o.read(filepath.Join(l.value, name), depth+1, left); err != nil {
						return err
					}
				}
			}
		default:
			if err := o.read(l.value, depth+1, left); err != nil {
				return err
			}
		}
	}
	return nil
}

// parseMySQLOptions parses an option file (MySQL reference manual, "Using Option Files"). Lines of groups
// that clients do not read are left out. Errors name the line's number.
func parseMySQLOptions(text string) ([]optionLine, error) {
	var (
		lines           []optionLine
		grouped, wanted bool
		number          int
	)
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
			continue
		case line[0] == '!':
			words := strings.Fields(line[1:])
			if len(words) < 2 || words[0] != "include" && words[0] != "includedir" {
				return nil, fmt.Errorf("line %d is neither !include FILE nor !includedir FOLDER", number)
			}
			file := strings.TrimSpace(strings.TrimPrefix(line[1:], words[0]))
			lines = append(lines, optionLine{value: file, include: true, folder: words[0] == "includedir"})
			continue
		case line[0] == '[':
			name, _, closed := strings.Cut(line[1:], "]")
			if !closed {
				return nil, fmt.Errorf("line %d: a group without its closing bracket", number)
			}
			grouped, wanted = true, clientGroup(strings.TrimRight(name, " \t"))
			continue
		case !grouped:
			return nil, fmt.Errorf("line %d: an option without a group", number)
		case !wanted:
			continue
		}
		name, value, _ := strings.Cut(withoutComment(line), "=")
		name = strings.ReplaceAll(strings.TrimSpace(name), "_", "-")
		lines = append(lines, optionLine{name: strings.TrimPrefix(name, "loose-"), value: optionValue(strings.TrimSpace(value))})
	}
	return lines, nil
}

// clientGroup reports whether a group is read by every client: MariaDB has names of its own beside [client].
func clientGroup(name string) bool {
	return name == "client" || name == "client-server" || name == "client-mariadb"
}

// withoutComment cuts a line at the first # that is not between quotes.
func withoutComment(line string) string {
	var quote byte
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && quote != 0:
			i++
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == quote:
			quote = 0
		case quote == 0 && c == '#':
			return line[:i]
		}
	}
	return line
}

// optionValue takes the quotes off a value and resolves its escapes; a backslash before any other letter stays.
func optionValue(v string) string {
	if len(v) >= 2 && (v[0] == '"' || v[0] == '\'') && v[len(v)-1] == v[0] {
		v = v[1 : len(v)-1]
	}
	if !strings.Contains(v, `\`) {
		return v
	}
	return strings.NewReplacer(`\b`, "\b", `\t`, "\t", `\n`, "\n", `\r`, "\r", `\s`, " ", `\\`, `\`, `\"`, `"`, `\'`, `'`).Replace(v)
}
