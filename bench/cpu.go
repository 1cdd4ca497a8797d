package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// usage is what processes have used so far.
type usage struct {
	cpu     time.Duration // of their threads; no Go server here ends one
	threads int
}

// usageOf adds up what the kernel accounts to the threads of processes, in
// nanoseconds. (The times of /proc/PID/stat come in steps of 10 ms.)
func usageOf(pids []int) (u usage, err error) {
	for _, pid := range pids {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		if err != nil {
			return u, err
		}
		if len(tasks) == 0 {
			return u, fmt.Errorf("the kernel tells nothing of the threads of process %d: is it Linux, with CONFIG_SCHED_INFO?", pid)
		}
		for _, task := range tasks {
			text, err := os.ReadFile(task)
			if errors.Is(err, fs.ErrNotExist) {
				continue // it has ended since
			}
			if err != nil {
				return u, err
			}
			onCPU, _, _ := strings.Cut(string(text), " ")
			n, err := strconv.ParseInt(onCPU, 10, 64)
			if err != nil {
				return u, err
			}
			u.cpu += time.Duration(n)
			u.threads++
		}
	}
	return u, nil
}

// withChildren lists a process and its children.
func withChildren(pid int) ([]int, error) {
	pids := []int{pid}
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil, err
	}
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			return nil, err
		}
		for _, field := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				return nil, err
			}
			of, err := withChildren(child)
			if err != nil {
				return nil, err
			}
			pids = append(pids, of...)
		}
	}
	return pids, nil
}
