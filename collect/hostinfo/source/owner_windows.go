package source

import "io/fs"

// FileOwner is never ok: Windows has no numbers for users.
func FileOwner(fs.FileInfo) (uid, gid uint32, ok bool) { return 0, 0, false }
