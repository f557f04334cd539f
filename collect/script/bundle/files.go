package bundle

import "embed"

// Files are the scripts with their tests and the captured input.
//
//go:embed *.lua lib testdata
var Files embed.FS
