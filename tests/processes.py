# SPDX-License-Identifier: MIT
"""Real processes for tests: apxm, its servers, and what they wrote.

A Place is a temporary folder in which apxm runs with an environment of its own.
Nothing here waits for a fixed time: `wait_for` looks until something is so, and
gives up after a bound that tells "soon" from "never" on a busy machine. Each
Place carries a canary, a key that must turn up nowhere: it is looked for in
everything that a process said and in every file that it left behind.
"""

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PATIENCE = 120  # seconds until "not yet" is taken for "never"
LOOK = threading.Event()  # never set: a pause between two looks

# A shell starts what it leaves in the background with SIGINT ignored, and that
# is inherited. With a handler here, what is started here has the default.
signal.signal(signal.SIGINT, signal.default_int_handler)

CANARY_NAME = 'APXM_TEST_CANARY_KEY'
CANARY = 'sk-' + secrets.token_hex(20)
KEPT_ENVIRONMENT = re.compile(r'^(PATH|(A|T|UB)SAN_OPTIONS)$')


class Late(Exception):
    """Something did not happen within its bound."""


def wait_for(is_so, what, seconds=None):
    """The first true value of is_so(); Late when there is none in time."""
    seconds = seconds or PATIENCE
    due = time.monotonic() + seconds
    while True:
        value = is_so()
        if value:
            return value
        if time.monotonic() > due:
            raise Late('%s: not within %g s' % (what, seconds))
        LOOK.wait(0.01)


def plain_environment(folder):
    """What a process sees: nothing of the user's own but the PATH."""
    env = {name: value for name, value in os.environ.items()
           if KEPT_ENVIRONMENT.match(name)}
    env.update(HOME=folder, LC_ALL='C.UTF-8', TERM='xterm')
    env[CANARY_NAME] = CANARY
    return env


def configuration_above(folder):
    """The .apxm/config.yaml that a process in a temporary folder would find on
    its way up; None, as it must be."""
    while True:
        path = os.path.join(folder, '.apxm', 'config.yaml')
        if os.path.exists(path):
            return path
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


# ---- the canary --------------------------------------------------------------

def shows_canary(data):
    """Whether bytes hold the canary, also without its ends or upper-cased."""
    return CANARY[6:-3].lower().encode() in data.lower()


def files_with_canary(folder, but=()):
    """Paths of the files below `folder` that hold the canary or its name's
    value; those named in `but` are the tests' own."""
    found = []
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if os.path.relpath(path, folder) in but or os.path.islink(path):
                continue
            if not os.path.isfile(path):
                continue
            with open(path, 'rb') as file:
                if shows_canary(file.read()):
                    found.append(os.path.relpath(path, folder))
    return found


# ---- one process -------------------------------------------------------------

class Process:
    """A child whose outputs are gathered while it runs."""

    def __init__(self, words, cwd, env, name=None):
        self.words = words
        self.name = name or os.path.basename(words[0])
        self.started = time.monotonic()
        self.ended = None
        self.usage = None  # rusage of the child once it has ended
        self.code = None   # exit code, or minus the signal
        self.child = subprocess.Popen(
            words, cwd=cwd, env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True)
        self.pid = self.child.pid
        self.texts = {'stdout': bytearray(), 'stderr': bytearray()}
        self.threads = [
            threading.Thread(target=self.pump, args=(stream,), daemon=True)
            for stream in self.texts]
        self.threads.append(threading.Thread(target=self.reap, daemon=True))
        self.gone = threading.Event()
        for thread in self.threads:
            thread.start()

    def pump(self, stream):
        with getattr(self.child, stream) as source:
            while True:
                piece = os.read(source.fileno(), 65536)
                if not piece:
                    return
                self.texts[stream] += piece

    def reap(self):
        _, status, self.usage = os.wait4(self.pid, 0)
        self.ended = time.monotonic()
        self.code = os.waitstatus_to_exitcode(status)
        self.child.returncode = self.code
        self.gone.set()

    @property
    def stdout(self):
        return self.texts['stdout'].decode('utf-8', 'backslashreplace')

    @property
    def stderr(self):
        return self.texts['stderr'].decode('utf-8', 'backslashreplace')

    @property
    def seconds(self):
        return (self.ended or time.monotonic()) - self.started

    @property
    def is_running(self):
        return not self.gone.is_set()

    def send(self, number):
        """A signal; none once it has ended."""
        try:
            if self.is_running:
                os.kill(self.pid, number)
        except ProcessLookupError:
            pass  # it ended just now

    def wait(self, seconds=None):
        """The process, ended. Late, and killed, when it goes on for longer."""
        seconds = seconds or PATIENCE
        if not self.gone.wait(seconds):
            self.send(signal.SIGKILL)
            self.gone.wait()
            raise Late('%s did not end within %g s; it said:\n%s%s' % (
                ' '.join(self.words[:4]), seconds, self.stdout, self.stderr))
        for thread in self.threads[:2]:
            thread.join()
        return self

    def said(self, pattern, stream='stderr', seconds=None):
        """The first match of `pattern` in what it says; Late, with what it said
        instead, when it ends or time passes without."""
        def look():
            ended = not self.is_running
            match = re.search(pattern, getattr(self, stream))
            if not match and ended:
                self.wait()
                match = re.search(pattern, getattr(self, stream))
                if not match:
                    raise Late('%s ended with %s and never said /%s/; it said:'
                               '\n%s%s' % (self.name, self.code, pattern,
                                           self.stdout, self.stderr))
            return match
        return wait_for(look, '%s says /%s/' % (self.name, pattern), seconds)

    def status(self, field):
        """A figure of /proc/PID/status, in its own unit; None: it has ended."""
        try:
            with open('/proc/%d/status' % self.pid, encoding='ascii') as file:
                match = re.search(r'^%s:\s*(\d+)' % field, file.read(), re.M)
        except (FileNotFoundError, ProcessLookupError):
            return None
        return int(match.group(1)) if match else None

    def threads_by_name(self):
        """How many of its threads have which name."""
        counts = {}
        for task in os.listdir('/proc/%d/task' % self.pid):
            try:
                with open('/proc/%d/task/%s/comm' % (self.pid, task),
                          encoding='utf-8') as file:
                    name = file.read().strip()
            except (FileNotFoundError, ProcessLookupError):
                continue
            counts[name] = counts.get(name, 0) + 1
        return counts

    def end(self):
        """Whatever it is doing, it is over after this, and so are children of
        its own that it left behind."""
        self.send(signal.SIGKILL)
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # there are none, as a rule
        self.gone.wait()
        for thread in self.threads[:2]:
            thread.join()


# ---- a folder with processes in it -------------------------------------------

class Place:
    """A temporary folder and the processes that were started in it."""

    def __init__(self, apxm):
        self.apxm = os.path.abspath(apxm)
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix='apxm-net-'))
        self.env = plain_environment(self.folder)
        self.env['XDG_RUNTIME_DIR'] = self.folder
        self.processes = []

    def close(self):
        """Ends what still runs; returns where the canary was seen, a line
        each."""
        for process in self.processes:
            process.end()
        seen = ['%s: %s' % (' '.join(process.words), stream)
                for process in self.processes
                for stream, text in process.texts.items()
                if shows_canary(bytes(text))]
        seen += files_with_canary(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        return seen

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def read(self, name):
        with open(self.path(name), encoding='utf-8') as file:
            return file.read()

    def json(self, name):
        return json.loads(self.read(name))

    def start(self, *words, env=None):
        """apxm with these words, running."""
        return self.start_other([self.apxm] + [str(word) for word in words],
                                env)

    def start_other(self, words, env=None, name=None):
        process = Process(words, self.folder, dict(self.env, **(env or {})),
                          name)
        self.processes.append(process)
        return process

    def run(self, *words, env=None, seconds=None):
        """apxm with these words, ended."""
        return self.start(*words, env=env).wait(seconds)

    def sim(self, *words):
        return Sim(self, words)


class Sim:
    """An `apxm sim` of this place that listens, with its request log."""

    count = 0

    def __init__(self, place, words):
        Sim.count += 1
        self.probes = 0
        self.log_path = place.path('sim-%d.log' % Sim.count)
        self.process = place.start('sim', '--listen', '127.0.0.1:0', '--log',
                                   self.log_path, *words)
        said = self.process.said(r'listening on http://127\.0\.0\.1:(\d+)')
        self.port = int(said.group(1))
        self.root = 'http://127.0.0.1:%d' % self.port
        self.openai = 'openai:%s/v1' % self.root
        self.ollama = 'ollama:%s' % self.root

    def lines(self, count=0):
        def look():
            try:
                with open(self.log_path, encoding='utf-8') as file:
                    lines = file.read().split('\n')[:-1]
            except FileNotFoundError:
                lines = []
            return (lines,) if len(lines) >= count + self.probes else None
        lines, = wait_for(look, 'the log of the server has %d lines' % count)
        return [json.loads(line) for line in lines]

    def requests(self, count=0):
        """What its log says of others' requests, once there are so many."""
        return [line for line in self.lines(count) if line['run'] != 'probe']

    def open_requests(self):
        """How many it has read and not answered: a request that makes no sense
        is answered and logged at once, with that figure."""
        request = urllib.request.Request(
            self.root + '/v1/chat/completions', data=b'{',
            headers={'X-Apxm-Run': 'probe', 'Connection': 'close'})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE):
                raise AssertionError('nonsense was answered')
        except urllib.error.HTTPError as error:
            error.close()
        self.probes += 1
        return [line for line in self.lines()
                if line['run'] == 'probe'][-1]['open'] - 1

    def wait_until_open(self, count, client):
        """Until so many requests are open, or their client has ended."""
        wait_for(lambda: self.open_requests() >= count or not client.is_running,
                 '%d requests are open' % count)
