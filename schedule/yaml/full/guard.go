package full

import (
	"github.com/goccy/go-yaml/token"

	"virgo/schedule/yaml"
)

// maxIndicators bounds the "-" and ":" on one line ("- - - x") or between two commas.
const maxIndicators = 16

// guard rejects what is not in the subset and what is nested too deep. It must run before the parser,
// which recurses once for each level and would exhaust its stack.
func guard(file string, tokens token.Tokens) error {
	depth, indicators, line := 0, 0, 0
	for _, t := range tokens {
		reject, help := "", ""
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			reject = "anchors, aliases and merge keys (& * <<) are not supported"
			help = "quote a value that begins with & or *"
		case token.TagType:
			reject = "tags (!) are not supported"
			help = "quote a value that begins with !"
		case token.DirectiveType:
			reject = "directives (%) are not supported"
			help = "quote a value that begins with %"
		case token.MappingKeyType:
			reject = "keys that are written with ? are not supported"
		case token.SequenceStartType, token.MappingStartType:
			indicators = 0
			if depth++; depth > yaml.MaxDepth {
				reject = "nested too deep"
			}
		case token.SequenceEndType, token.MappingEndType:
			indicators = 0
			depth--
		case token.CollectEntryType:
			indicators = 0
		case token.SequenceEntryType, token.MappingValueType:
			if depth <= 0 && t.Position.Line != line {
				line, indicators = t.Position.Line, 0
			}
			if indicators++; indicators > maxIndicators {
				reject = "nested too deep on one line"
			}
		}
		if reject != "" {
			return &yaml.Error{File: file, Line: t.Position.Line, Column: t.Position.Column, Text: reject, Help: help}
		}
	}
	return nil
}
