// Package archive writes and reads the one file of a backup. It knows nothing of what is in it.
//
// # The file
//
// A tar archive (POSIX, ustar or pax), so that a person can look into it with any tool:
//
//	virgo-endpoint-backup   what it is: JSON with schema_version and created_ms
//	…                       the files, in the order in which they were added
//	SHA256SUMS              a line for each, as sha256sum -c reads it
//
// It is not compressed: most of it is compressed already. SHA256SUMS is last, so an archive that was cut
// short is not taken for a complete one ([ErrIncomplete]).
//
// # Writing
//
// [Create] writes beside the file's place, synced, with mode 0600, and gives it its name at the end
// ([Writer.Commit]). After a kill a file NAME.partial is left, which the next backup to the same place replaces. An existing
// file is never replaced. [Writer.AddFile] takes regular files only, and follows no link.
//
// # Reading, and who could abuse it
//
// An archive may have come from anywhere. [Extract] writes only regular files, only under names that its
// caller accepts, each at most once, of a size that it accepts, into a folder that it makes itself; a file with holes, which can be
// any times as large as the archive, is refused. It follows no link and sets no mode or owner of the
// archive. It verifies all checksums before it says that there is anything. The checksums find damage; they do not say who wrote it.
package archive
