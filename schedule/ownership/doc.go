// Package ownership decides whether a file may steer the agent, which often runs as root: its
// configuration, checks, plugins, second program, tokens and keys, and its state.
//
// # The rule
//
// The owner of the file is root or the user of this process, nobody else can write to it, and the same
// holds for every folder above it up to the root: whoever can write to a folder can put another file,
// or another folder, in the place of any in it. Symbolic links are followed; each of them, and the
// folders on its own way, are held to the same rule.
//
// In a folder above with the sticky bit (/tmp) everybody may write, but nobody can rename or remove
// what belongs to root or to this user. Such an entry is accepted, unless it is a file with a second
// name: anybody may have linked it there.
//
// Write permission of the group counts as the owner's own where nobody else can be in that group:
// root's and the fixed groups of the system (Debian's /usr/local belongs to staff), and the group of
// this user's own name, while /etc/group and /etc/passwd name no other member. An access list for
// further users is found by its attribute on Linux. Other access lists (NFSv4, macOS) are not read.
//
// # How long an answer holds
//
// Only root and this user can write to anything on the way, so nobody else can change the answer after
// it was given: a file may be opened before or after the question. Programs are started by the
// descriptor that was asked about all the same, where the system allows that (see package plugin).
//
// # What the user sees
//
// A [Fault] is one line, and its hint is the command that corrects it. What happens to the file is the
// caller's decision, and always that its content is not used.
//
// # Windows
//
// Access lists replace modes there. The owner has to be the system (also TrustedInstaller), the group of
// administrators or the user of this process, and no entry of the list may let anybody else change the
// file, replace it or gain the right to. Entries that deny are not read. In a folder above, others may add
// entries, as everybody may in a new C:\ and %ProgramData%, but not in the one that has the file, since
// programs load libraries that lie beside them. Links are those that os.Readlink reads: symbolic links and
// junctions.
//
// The lists hold for processes from which somebody would gain something: the system's, services', and
// those with an administrator's rights. One that a person runs without these rights is held to the owners of
// the files alone, since everybody can write to most folders of a second disk there.
//
// [MkdirAll] makes folders with a protected list, which inherits nothing: the system and the administrators
// may do everything, nobody else anything; where no administrator makes them, that user too. [Protect]
// gives the same list to the folders of earlier versions, which everybody could read and add files to.
// [CheckForSystem] asks for a task that the system is going to start.
package ownership
