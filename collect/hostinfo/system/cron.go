package system

import (
	"context"
	"iter"
	"os"
	"path"
	"slices"
	"strings"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

// Bounds of what a crontab may set before its jobs: any user may write one.
const (
	// maxCronVariables are reported with each job.
	maxCronVariables = 64
	// maxCronVariable bytes are a name; longer ones are left out.
	maxCronVariable = 64
)

// A cronJob is a line of a crontab (crontab(5)), of anacrontab(5), or a script that run-parts(8)
// runs.
type cronJob struct {
	Time        string   `json:"time" doc:"what replaces the five fields: @daily; of anacrontab the period, '7 days'; else empty"`
	Minute      string   `json:"m" doc:"minute, as written"`
	Hour        string   `json:"h" doc:"hour, as written"`
	DayOfMonth  string   `json:"dom" doc:"day of the month, as written"`
	Month       string   `json:"mon" doc:"month, as written"`
	DayOfWeek   string   `json:"dow" doc:"day of the week, as written"`
	User        string   `json:"user" doc:"user that it runs as"`
	Command     string   `json:"command" doc:"its programs and the names of their options; the whole command line if the owner chose host_info_arguments: full; without the input after its first %"`
	File        string   `json:"file" doc:"the file that defines it"`
	Environment []string `json:"environment" doc:"names of the first 64 variables that the crontab sets before it; values are not shown"`
}

func cronType() source.Type {
	return source.Type{
		Name:    "cron",
		Summary: "cron jobs of the system and of users",
		Systems: []string{"linux", "darwin", "freebsd"},
		Shape:   []cronJob{},
		Read:    readCron,
	}
}

func readCron(ctx context.Context, h *source.Host) (any, error) {
	var jobs []cronJob
	var problems source.Problems
	add := func(file string, parse func(b []byte) []cronJob) {
		if ctx.Err() != nil || len(jobs) > source.MaxRows {
			return
		}
		b, err := h.Read(file)
		problems.Add(err)
		for _, j := range parse(b) {
			j.File = file
			jobs = append(jobs, j)
		}
	}
	system := func(b []byte) []cronJob { return parseCrontab(b, "", h.Arguments) }
	add("/etc/crontab", system)
	names, err := h.Names("/etc/cron.d")
	problems.Add(err)
	debian := h.Exists("/etc/debian_version")
	for _, name := range names {
		if cronReads(name, debian) {
			add("/etc/cron.d/"+name, system)
		}
	}
	for _, period := range []string{"hourly", "daily", "weekly", "monthly"} {
		scripts, err := listRunParts(h, "/etc/cron."+period, debian)
		problems.Add(err)
		for _, script := range scripts {
			jobs = append(jobs, cronJob{
				Time: "@" + period, User: "root", Command: script, File: path.Dir(script), Environment: []string{},
			})
		}
	}
	add("/etc/anacrontab", func(b []byte) []cronJob { return parseAnacrontab(b, h.Arguments) })
	for _, folder := range []string{
		"/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/var/spool/cron", "/var/cron/tabs", "/usr/lib/cron/tabs",
	} {
		users, err := h.Names(folder)
		problems.Add(err)
		for _, user := range users {
			file := folder + "/" + user
			if info, err := os.Lstat(h.Path(file)); err == nil && info.Mode().IsRegular() {
				add(file, func(b []byte) []cronJob { return parseCrontab(b, user, h.Arguments) })
			}
		}
	}
	problems.Add(ctx.Err())
	return source.NonNil(jobs), problems.Err()
}

// listRunParts lists the scripts of a folder that run-parts(8) would run.
func listRunParts(h *source.Host, folder string, debian bool) ([]string, error) {
	names, err := h.Names(folder)
	var scripts []string
	for _, name := range names {
		file := folder + "/" + name
		if source.IsExecutable(os.Stat(h.Path(file))) && cronReads(name, debian) {
			scripts = append(scripts, file)
		}
	}
	return scripts, err
}

// cronReads reports whether cron reads a file of that name: Debian's reads letters, digits, _ and -
// only, Red Hat's ignores what packages and editors leave behind.
func cronReads(name string, debian bool) bool {
	if debian {
		return strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
	}
	for _, end := range []string{"~", ",", ".rpmsave", ".rpmorig", ".rpmnew", ".swp", ".cfsaved"} {
		if strings.HasSuffix(name, end) {
			return false
		}
	}
	return !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "#")
}

// cronLines returns the lines of a table that run something, trimmed, each with the names of the
// variables that were set before it.
func cronLines(b []byte) iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		environment := []string{}
		for line := range strings.Lines(string(b)) {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			if name, ok := cronVariable(line); ok {
				if len(environment) < maxCronVariables && len(name) <= maxCronVariable && !slices.Contains(environment, name) {
					// A new list, because the lines before it share the old one.
					environment = append(environment[:len(environment):len(environment)], name)
				}
			} else if !yield(line, environment) {
				return
			}
		}
	}
}

// parseCrontab parses a crontab. The system's name the user in each line; of a user's own, the user
// is given. A line that cron would not run is left out, because the meaning of its words is
// unknown.
func parseCrontab(b []byte, user string, show redact.Arguments) []cronJob {
	var jobs []cronJob
	for line, environment := range cronLines(b) {
		j := cronJob{User: user, Environment: environment}
		ok := true
		take := func(fits func(string) bool) (word string) {
			word, line, _ = cutField(line)
			ok = ok && fits(word)
			return word
		}
		if line[0] == '@' {
			j.Time = take(isCronNickname)
		} else {
			j.Minute, j.Hour, j.DayOfMonth = take(isCronField), take(isCronField), take(isCronField)
			j.Month, j.DayOfWeek = take(isCronField), take(isCronField)
		}
		if user == "" {
			j.User = take(isCronUser)
		}
		if j.Command = cronCommand(line, show); ok && j.Command != "" {
			jobs = append(jobs, j)
		}
		if len(jobs) > source.MaxRows {
			break
		}
	}
	return jobs
}

// parseAnacrontab parses lines of period, delay, name of the job, and command.
func parseAnacrontab(b []byte, show redact.Arguments) []cronJob {
	var jobs []cronJob
	for line, environment := range cronLines(b) {
		period, rest, _ := cutField(line)
		delay, rest, _ := cutField(rest)
		_, command, _ := cutField(rest)
		if command = cronCommand(command, show); command == "" || !isNumber(delay) {
			continue
		}
		switch {
		case period == "1":
			period = "1 day"
		case isNumber(period):
			period += " days"
		case !isCronNickname(period):
			continue
		}
		jobs = append(jobs, cronJob{Time: period, User: "root", Command: command, Environment: environment})
		if len(jobs) > source.MaxRows {
			break
		}
	}
	return jobs
}

// isCronNickname reports whether a word replaces the five fields; FreeBSD also has seconds: @600.
func isCronNickname(s string) bool {
	name, ok := strings.CutPrefix(s, "@")
	return ok && (isNumber(name) || slices.Contains([]string{
		"reboot", "yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly", "every_minute",
		"every_second",
	}, name))
}

// isCronField reports whether a word is a field: numbers, names and * with , - / between; ~ is
// OpenBSD's and cronie's, and a - before the minute cronie's.
func isCronField(s string) bool {
	const names = " jan feb mar apr may jun jul aug sep oct nov dec sun mon tue wed thu fri sat "
	parts := strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune(",-/~", c) })
	for _, p := range parts {
		if p != "*" && !isNumber(p) && !(len(p) == 3 && strings.Contains(names, " "+strings.ToLower(p)+" ")) {
			return false
		}
	}
	return len(parts) > 0
}

// isNumber reports whether a word is a number of at most six digits.
func isNumber(s string) bool {
	return s != "" && len(s) <= 6 && strings.Trim(s, "0123456789") == ""
}

// cronVariable returns the name of an assignment. The line of a job starts with a digit, a * or an
// @.
func cronVariable(line string) (name string, ok bool) {
	name, _, ok = strings.Cut(line, "=")
	name = strings.Trim(strings.TrimSpace(name), `"'`)
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	if !ok || name == "" || strings.Trim(name[:1], letters) != "" || strings.Trim(name, letters+"0123456789") != "" {
		return "", false
	}
	return name, true
}

// isCronUser reports whether a word is the name of a user, on FreeBSD with a group and a class
// (root:wheel/daemon). It is not where the user was forgotten and the word belongs to the command.
func isCronUser(word string) bool {
	const maxUser = 64
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-:/\\+$@"
	return word != "" && word[0] != '/' && word[0] != '-' && len(word) <= maxUser && strings.Trim(word, letters) == "" && redact.Value("", word) == word
}

// cronCommand shows a command line without the command's input, which follows an unescaped %.
func cronCommand(s string, show redact.Arguments) string {
	for i := range len(s) {
		if s[i] == '%' && (i == 0 || s[i-1] != '\\') {
			s = s[:i]
			break
		}
	}
	return show.Shell(strings.TrimSpace(s))
}

// cutField splits a line after its first word.
func cutField(line string) (word, rest string, ok bool) {
	line = strings.TrimLeft(line, " \t")
	end := strings.IndexAny(line, " \t")
	if end < 0 {
		return line, "", line != ""
	}
	return line[:end], strings.TrimLeft(line[end:], " \t"), true
}
