package alarm

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"virgo/schedule/shorttext"
)

// MaxText bounds the bytes of a verdict's text.
const MaxText = 512

// A Template is a message with places in braces: {value}, {threshold}, {label}, {dimension}, {check},
// {host}, {state}, {status}, and {last.NAME} for the last value of a metric. Numbers may have a format:
// {value|time} of seconds, {last.avail|kilobytes} and {last.used|bytes} of sizes. The zero value is a
// message that says what is there to be said.
type Template struct {
	parts []part
	text  string
}

// A part is text, or if place is set what stands there, in a format.
type part struct{ text, place, format string }

// String returns the template as it was written.
func (t Template) String() string { return t.text }

func (t Template) isZero() bool { return len(t.parts) == 0 }

// places are the names of what a template can have, besides last.NAME.
func places() []string {
	return []string{"value", "threshold", "label", "dimension", "check", "host", "state", "status"}
}

// lastPlace begins a place for the last value of a metric.
const lastPlace = "last."

// ParseTemplate reads a message. A brace that is doubled stands for itself.
func ParseTemplate(text string) (Template, error) {
	if len(text) > MaxMessage {
		return Template{}, fmt.Errorf("the message has %d bytes, at most %d are allowed", len(text), MaxMessage)
	}
	if !utf8.ValidString(text) {
		return Template{}, fmt.Errorf("the message is not valid UTF-8")
	}
	t := Template{text: text}
	var plain strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		doubled := i+1 < len(text) && text[i+1] == c
		switch {
		case (c == '{' || c == '}') && doubled:
			plain.WriteByte(c)
			i++
		case c == '{':
			place, _, ok := strings.Cut(text[i+1:], "}")
			if !ok {
				return Template{}, fmt.Errorf("the message has a { without its }; write {{ for the brace itself")
			}
			if err := checkPlace(place); err != nil {
				return Template{}, err
			}
			if plain.Len() > 0 {
				t.parts = append(t.parts, part{text: plain.String()})
				plain.Reset()
			}
			name, format, _ := strings.Cut(place, "|")
			t.parts = append(t.parts, part{place: name, format: format})
			i += len(place) + 1
		case c == '}':
			return Template{}, fmt.Errorf("the message has a } without its {; write }} for the brace itself")
		default:
			plain.WriteByte(c)
		}
	}
	if plain.Len() > 0 {
		t.parts = append(t.parts, part{text: plain.String()})
	}
	return t, nil
}

func checkPlace(place string) error {
	place, format, formatted := strings.Cut(place, "|")
	if formatted && !slices.Contains(formats(), format) {
		return fmt.Errorf("the message has the format %q; there are %s", shorttext.Truncate(shorttext.Sanitize(format), maxErrorBytes),
			strings.Join(formats(), ", "))
	}
	if metric, ok := strings.CutPrefix(place, lastPlace); ok && metric != "" {
		return nil
	}
	if slices.Contains(places(), place) {
		return nil
	}
	return fmt.Errorf("the message has {%s}; there are {%s} and {last.METRIC}",
		shorttext.Truncate(shorttext.Sanitize(place), maxErrorBytes), strings.Join(places(), "}, {"))
}

// metrics returns the metrics whose last values the message has.
func (t Template) metrics() []string {
	var names []string
	for _, p := range t.parts {
		if metric, ok := strings.CutPrefix(p.place, lastPlace); ok {
			names = append(names, metric)
		}
	}
	return names
}

// text returns the message of a verdict.
func (r *Rule) text(env *Env, s *scope, v *Verdict, c *Case) string {
	t := r.Message
	if c != nil && !c.Message.isZero() {
		t = c.Message
	}
	var b strings.Builder
	switch {
	case v.State == Unknown:
		b.WriteString(v.Missing)
	case t.isZero() || v.Value == nil && t.hasValue():
		r.writeUsual(&b, env, s, v)
	default:
		r.write(&b, t, env, s, v)
	}
	// A place may be empty, as the dimension of a check that has none: no gap stands for it.
	return shorttext.Truncate(strings.Join(strings.Fields(shorttext.Sanitize(b.String())), " "), MaxText)
}

func (r *Rule) write(b *strings.Builder, t Template, env *Env, s *scope, v *Verdict) {
	for _, p := range t.parts {
		switch p.place {
		case "":
			b.WriteString(p.text)
		case "value":
			b.WriteString(formatFigure(v.Value, p.format))
		case "threshold":
			b.WriteString(formatFigure(v.Threshold, p.format))
		case "label":
			r.writeLabel(b, env, s, v)
		case "dimension":
			b.WriteString(env.Dimension)
		case "check":
			b.WriteString(checkName(env))
		case "host":
			if env.Host != nil {
				b.WriteString(env.Host.Name)
			}
		case "state":
			b.WriteString(v.State.String())
		case "status":
			b.WriteString(s.Status)
		default:
			b.WriteString(lastValue(s, strings.TrimPrefix(p.place, lastPlace), p.format))
		}
	}
}

func lastValue(s *scope, metric, format string) string {
	if value, err := s.Last(metric); err == nil {
		return formatFigure(&value, format)
	}
	if text, err := s.Text(metric); err == nil {
		return text
	}
	return noFigure
}

// writeLabel writes the label, which may have places of its own but not {label}.
func (r *Rule) writeLabel(b *strings.Builder, env *Env, s *scope, v *Verdict) {
	t, err := ParseTemplate(r.Label)
	if err != nil || slices.ContainsFunc(t.parts, func(p part) bool { return p.place == "label" }) {
		b.WriteString(r.Label)
		return
	}
	r.write(b, t, env, s, v)
}

// hasValue reports whether the message has a place for the value.
func (t Template) hasValue() bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.place == "value" })
}

// writeUsual writes the message of a rule that has none: what, and how it stands.
func (r *Rule) writeUsual(b *strings.Builder, env *Env, s *scope, v *Verdict) {
	switch {
	case r.Label != "":
		r.writeLabel(b, env, s, v)
	case checkName(env) != "":
		b.WriteString(checkName(env))
		if env.Dimension != "" {
			b.WriteString(" " + env.Dimension)
		}
	default:
		b.WriteString(r.ID)
	}
	switch {
	case v.Value != nil && v.Threshold != nil:
		fmt.Fprintf(b, ": %s (limit %s)", formatFigure(v.Value, ""), formatFigure(v.Threshold, ""))
	case v.State != OK && s.Status != "" && s.Status != "success":
		b.WriteString(": " + s.Status)
	}
}

func checkName(env *Env) string {
	if env.CheckLabel != "" {
		return env.CheckLabel
	}
	return env.CheckID
}
