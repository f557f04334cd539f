package scriptbundle

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"virgo/schedule"
	"virgo/schedule/detail"
	"virgo/schedule/shorttext"
)

// Limits of the texts of a script's declaration.
const (
	maxDetailNameBytes = 64
	maxDetailTextBytes = 1024 // of a default or a choice
	maxChoices         = 64
	maxKeyMetrics      = 32
	maxMetricNameBytes = 128
	maxSystems         = 16
	maxSystemBytes     = 16
)

// rolesByKind has the roles that a detail of a kind may have, first the one it has if the script
// names none. A role that no rule of the owner need allow (Free, Match) is only there where the
// value cannot say where a check goes.
var rolesByKind = map[detail.Kind][]schedule.Role{
	detail.Text:         {schedule.Other, schedule.Secret, schedule.Program, schedule.DomainName},
	detail.Integer:      {schedule.Other, schedule.Free},
	detail.Number:       {schedule.Other, schedule.Free},
	detail.Milliseconds: {schedule.Other, schedule.Free},
	detail.Seconds:      {schedule.Other, schedule.Free},
	detail.Boolean:      {schedule.Switch},
	detail.Choice:       {schedule.Other},
	detail.Regexp:       {schedule.Regexp, schedule.Match},
	detail.Path:         {schedule.Path, schedule.Socket},
	detail.AbsolutePath: {schedule.Path, schedule.Socket},
	detail.URL:          {schedule.URL},
	detail.PageURL:      {schedule.URL},
	detail.Host:         {schedule.Host},
	detail.HostPort:     {schedule.Address},
	detail.Port:         {schedule.Port},
	detail.List:         {schedule.Other},
	detail.Object:       {schedule.Other},
}

// Roles returns the roles that a detail of a kind may have in a script, first the one that it has
// if the script names none; nil: there is no such kind.
func Roles(k detail.Kind) []schedule.Role { return slices.Clone(rolesByKind[k]) }

// Validate returns the first mistake of a declaration: in a script's file name, type, texts,
// details or needs.
func (s Script) Validate() error {
	stem, ok := scriptName(s.File)
	if err := ValidName(s.File); err != nil {
		return fmt.Errorf("script %.120q: %w", s.File, err)
	}
	if !ok {
		return fmt.Errorf("script %q: scripts are not in folders", s.File)
	}
	if s.Type != TypePrefix+stem {
		return fmt.Errorf("%s: its type is %.120q; by the file's name it is %q", s.File, s.Type, TypePrefix+stem)
	}
	if s.Summary == "" {
		return fmt.Errorf("%s: there is no summary", s.File)
	}
	if err := validText("summary", s.Summary, MaxSummaryBytes); err != nil {
		return fmt.Errorf("%s: %w", s.File, err)
	}
	if err := validDetails(s.Details); err != nil {
		return fmt.Errorf("%s: %w", s.File, err)
	}
	if err := s.Needs.Validate(); err != nil {
		return fmt.Errorf("%s: needs: %w", s.File, err)
	}
	for _, n := range s.Needs.Needs() {
		if err := validText("needs: "+string(n.Kind), n.Pattern, len(n.Pattern)); err != nil {
			return fmt.Errorf("%s: %w", s.File, err)
		}
	}
	if err := validNames("metrics", s.KeyMetrics, maxKeyMetrics, maxMetricNameBytes); err != nil {
		return fmt.Errorf("%s: %w", s.File, err)
	}
	if err := validNames("systems", s.Systems, maxSystems, maxSystemBytes); err != nil {
		return fmt.Errorf("%s: %w", s.File, err)
	}
	return nil
}

func validDetails(details []schedule.Detail) error {
	if len(details) > MaxDetails {
		return fmt.Errorf("%d details; at most %d are allowed", len(details), MaxDetails)
	}
	for i, d := range details {
		if err := validDetail(d); err != nil {
			return err
		}
		if i > 0 && details[i-1].Name >= d.Name {
			return fmt.Errorf("detail %q is there twice, or not in the order of names", d.Name)
		}
	}
	return nil
}

func validDetail(d schedule.Detail) error {
	if d.Name == "" || len(d.Name) > maxDetailNameBytes || strings.ContainsFunc(d.Name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_')
	}) {
		return fmt.Errorf("detail %.80q: its name must be of a-z, 0-9 and _, at most %d", d.Name, maxDetailNameBytes)
	}
	roles, known := rolesByKind[d.Kind]
	if !known {
		return fmt.Errorf("detail %q: unknown kind %.40q", d.Name, d.Kind)
	}
	if !slices.Contains(roles, d.Role) {
		return fmt.Errorf("detail %q: a detail of kind %q may not have the role %.40q: want one of %q",
			d.Name, d.Kind, d.Role, roles)
	}
	if err := validText("doc", d.Summary, MaxSummaryBytes); err != nil {
		return fmt.Errorf("detail %q: %w", d.Name, err)
	}
	if d.Max != 0 && d.Max < d.Min {
		return fmt.Errorf("detail %q: its greatest value is less than its least", d.Name)
	}
	if (d.Kind == detail.Choice) != (len(d.Choices) > 0) {
		return fmt.Errorf("detail %q: choices belong to the kind %q, which has some", d.Name, detail.Choice)
	}
	if err := validNames("choices", d.Choices, maxChoices, maxDetailTextBytes); err != nil {
		return fmt.Errorf("detail %q: %w", d.Name, err)
	}
	if err := validText("default", d.Default, maxDetailTextBytes); err != nil {
		return fmt.Errorf("detail %q: %w", d.Name, err)
	}
	if err := d.Validate(schedule.Details{d.Name: d.Default}); err != nil {
		return fmt.Errorf("default: %w", err)
	}
	if d.From != "" {
		return fmt.Errorf("detail %q: a default from another detail is not possible in scripts", d.Name)
	}
	return nil
}

func validNames(what string, names []string, most, mostBytes int) error {
	if len(names) > most {
		return fmt.Errorf("%s: %d; at most %d are allowed", what, len(names), most)
	}
	for i, name := range names {
		if name == "" || slices.Contains(names[:i], name) {
			return fmt.Errorf("%s: %q is empty or there twice", what, name)
		}
		if err := validText(what, name, mostBytes); err != nil {
			return err
		}
	}
	return nil
}

// validText returns an error for a text that people could not read in one line.
func validText(what, text string, most int) error {
	if len(text) > most {
		return fmt.Errorf("%s: %d bytes; at most %d are allowed", what, len(text), most)
	}
	unsafe := func(r rune) bool { return r == '\n' || shorttext.Unsafe(r) }
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unsafe) {
		return fmt.Errorf("%s: %.40q has characters that cannot be shown in one line", what, text)
	}
	return nil
}
