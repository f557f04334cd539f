package hostinfo

import "strings"

// Redacted stands where a secret stood.
const Redacted = "[redacted]"

// Redact takes what looks like a secret out of a text that may hold anything: a line of configuration, of a
// crontab, a message. It looks four ways:
//
//   - at shapes that secrets have: PEM blocks, the user's part of an address (user:pw@host), authorization
//     headers, hashes as crypt(5) and databases write them, the tokens of well-known services;
//   - at the value behind a name that speaks of a secret: password=…, "api_key": "…", define('DB_PASSWORD', …),
//     --token …, a line that is requirepass and a word;
//   - at what well-known programs take as a password without saying so: mysql -p…, curl -u …, redis-cli -a …;
//   - at what a shell pipes into a program that asks for a password.
//
// It would rather take a word too many than leave a secret; yes, off and the like stay, and so does the path
// of a file that holds one. Redact of its own result changes nothing. Its time is linear.
func Redact(s string) string {
	// What one way took out may lay open to another what stood behind it.
	for range 4 {
		shown := redactWords(redactNamed(redactShapes(s)))
		if shown == s {
			break
		}
		s = shown
	}
	return s
}

// redactArgs is Redact for a command line whose arguments are known apart: a value with blanks in it is still
// one value. The first is the program; a process that writes its own title has one alone.
func redactArgs(args []string) []string {
	shown := make([]string, len(args))
	for i, arg := range args {
		switch name, _, at := nameIn(arg); {
		case i > 0 && takesNext(args[i-1], i-1) && !isFlag(arg):
			shown[i] = Redacted
		case at > 0 && secretSetting(name, arg[at:]):
			shown[i] = arg[:at] + Redacted
		default:
			shown[i] = Redact(arg)
		}
	}
	words := make([]word, len(shown))
	for i, s := range shown {
		words[i] = word{text: s}
	}
	redactPrograms(words)
	for i, w := range words {
		shown[i] = w.text
	}
	return shown
}

// redactSetting gives the value of a setting, or Redacted where its name says that it is a secret.
func redactSetting(name, value string) string {
	if secretSetting(name, value) {
		return Redacted
	}
	return Redact(value)
}

func secretSetting(name, value string) bool { return secretName(name) && !harmless(name, value) }

// takesNext says whether the argument after this one is a secret's value: --password, or the bare word
// password (nmcli), which is no program's name.
func takesNext(arg string, i int) bool {
	if isFlag(arg) {
		return secretName(arg) && !strings.Contains(arg, "=")
	}
	return i > 0 && (strings.EqualFold(arg, "password") || strings.EqualFold(arg, "passphrase"))
}

// isFlag tells --password and -h from a value; a value may begin with one dash.
func isFlag(arg string) bool {
	return strings.HasPrefix(arg, "--") || len(arg) == 2 && arg[0] == '-' || strings.HasPrefix(arg, "-") && secretName(arg)
}

// nameIn splits NAME=VALUE and Name: value; at is where the value begins, 0 where it is neither.
func nameIn(arg string) (name, value string, at int) {
	i := strings.IndexAny(arg, "=:")
	if i <= 0 || strings.Trim(arg[:i], nameLetters) != "" {
		return "", "", 0
	}
	at = i + 1
	for at < len(arg) && arg[at] == ' ' {
		at++
	}
	return arg[:i], arg[at:], at
}
