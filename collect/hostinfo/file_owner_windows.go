package hostinfo

import "io/fs"

// fileOwner knows nobody: Windows has no numbers of users.
func fileOwner(fs.FileInfo) (uid, gid uint32, ok bool) { return 0, 0, false }
