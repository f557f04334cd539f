package main

// oneMore compares runs of the seven host checks alone with runs in which one check more is due, in turns:
// a plugin, and a service that virgo checks as a worker.
func (b *bench) oneMore(r *report) error {
	plain, err := b.enrol("plain", b.address)
	if err != nil {
		return err
	}
	plugin, err := b.enrol("plugin", b.address)
	if err != nil {
		return err
	}
	if err := plugin.addOnePlugin(); err != nil {
		return err
	}
	contenders := []contender{plain.contender(checks), plugin.contender(checks + 1)}
	r.section("One check more: CPU, with that of the processes it starts")
	db, err := b.startMariaDB()
	if err != nil {
		r.notMeasured("a run with one MySQL check", err)
	} else {
		defer db.stop()
		mysql, err := b.enrol("mysql", b.address)
		if err != nil {
			return err
		}
		if err := mysql.addChecks(1, "agent.mysql", "socket", db.socket, "username", "root"); err != nil {
			return err
		}
		contenders = append(contenders, mysql.contender(checks+1))
	}
	all, err := b.turns(contenders...)
	if err != nil {
		return err
	}
	r.add("seven host checks", all[0].median(cpuMS), "ms")
	for i, what := range []string{"one plugin", "one MySQL check"}[:len(all)-1] {
		r.add("with "+what, all[i+1].median(cpuMS), "ms")
		r.add("with "+what+", times without", all[i+1].ratio(all[0], cpuMS), "")
	}
	return nil
}

// onePlugin is a plugin like that of `virgo plugin new`: a shell script that prints one metric.
const onePlugin = "#!/bin/sh\necho \"status fine\"\necho \"metric answer int 42\"\n"

// addOnePlugin adds a plugin and a check that runs it to the host's configuration.
func (s *subject) addOnePlugin() error {
	if err := s.installPlugin("one.sh", onePlugin); err != nil {
		return err
	}
	return s.addChecks(1, "agent.plugin", "file", "one.sh")
}
