package config

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// maxArguments bounds alarm.command.
const maxArguments = 64

func checkAlarmCommand(args []string) error {
	if len(args) > maxArguments {
		return fmt.Errorf("more than %d words", maxArguments)
	}
	for i, arg := range args {
		switch {
		case i == 0 && !filepath.IsAbs(arg):
			return &Error{fmt.Errorf("%.64q is not an absolute path", arg), "for example [/etc/virgo/alarm.sh]"}
		case len(arg) > maxPathBytes:
			return fmt.Errorf("a word is longer than %d bytes", maxPathBytes)
		case strings.ContainsRune(arg, 0):
			return errors.New("a word has a NUL character")
		}
	}
	return nil
}

// checkAlarmWebhook checks a URL that is in the configuration itself; its errors do not quote it.
func checkAlarmWebhook(s Secret) error {
	kind, rest := s.split()
	if len(rest) > maxPathBytes {
		return fmt.Errorf("longer than %d bytes", maxPathBytes)
	}
	if kind != "" || rest == "" {
		return nil
	}
	u, err := url.Parse(rest)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return &Error{errors.New("it is no URL of http or https"), "a secret one may be in a file: file:/etc/virgo/webhook"}
	}
	return nil
}

// HasAlarmWebhook reports whether a webhook is told of alarms.
func (c Config) HasAlarmWebhook() bool { return c.AlarmWebhook.ref != nil }

// AlarmWebhookURL reads the URL. Errors (*Error) name its source, never its value.
func (c Config) AlarmWebhookURL() (string, error) {
	return c.readSecret("alarm.webhook", c.AlarmWebhook)
}
