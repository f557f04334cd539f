package config

import (
	"fmt"
	"slices"
	"strings"

	"virgo/collect/worker"
	"virgo/schedule/strictyaml"
)

// noQuestions is what the owner writes who lets an endpoint ask nothing.
const noQuestions = "none"

// checkAllowed gives the questions that are allowed; "none" alone, and an empty list, is no question.
func checkAllowed(values []string) ([]string, error) {
	if len(values) == 0 || len(values) == 1 && values[0] == noQuestions {
		return []string{}, nil
	}
	return values, allowedError(values)
}

func allowedError(values []string) error {
	known := Questions()
	for _, v := range values {
		if !slices.Contains(known, v) {
			return &OwnersError{
				Err:  fmt.Errorf("%.64q is nothing that an endpoint asks", v),
				Next: suggestion(v, known, "there is "+strings.Join(known, ", ")+", or none"),
			}
		}
	}
	return nil
}

// checkDenied looks for types that do not exist: one that is misspelt would be told.
func checkDenied(values []string) error {
	for _, v := range values {
		if !worker.TellsHostInfo(v) {
			return &OwnersError{
				Err:  fmt.Errorf("%.64q is no type of host information", v),
				Next: suggestion(v, hostInfoTypes(), "virgo hostinfo --list"),
			}
		}
	}
	return nil
}

func hostInfoTypes() []string {
	var names []string
	for _, t := range worker.Offered().HostInfo {
		names = append(names, t.Name)
	}
	return names
}

func suggestion(word string, known []string, otherwise string) string {
	if near := strictyaml.Nearest(word, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return otherwise
}
