// Package yaml parses the YAML that people write into a small tree with line numbers, so that errors
// can name file and line.
//
// Files are read by a [Parser]. [ParsePlain] accepts plain files, which are nearly all, and links no
// library. Package full accepts the whole subset below, and reports what is wrong with a file.
//
// The subset is the part of YAML 1.2 that a configuration needs: one document of mappings, sequences
// and scalars, in block or flow style. Anchors, aliases, merge keys, tags, directives and complex
// keys are rejected: they let a small file expand to a large tree. Keys of a mapping are distinct.
// [MaxBytes] and [MaxDepth] bound the input before anything recurses into it. A number with an
// exponent but no decimal point ("1e3") is text.
//
// An [Error] never quotes a value: a value may be a secret.
package yaml
