# SPDX-License-Identifier: MIT
"""One HTTP connection byte by byte, for tests of servers: what is sent is
written out, and what comes back is kept as it came, chunk by chunk."""

import json
import os
import random
import socket

from processes import PATIENCE


def chat(text='Name a colour.', **more):
    return dict({'model': 'sim',
                 'messages': [{'role': 'user', 'content': text}]}, **more)


def request(path, body=None, method=None, headers=None):
    """The bytes of a request; `body` is a document or bytes."""
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = ['%s %s HTTP/1.1' % (method or ('GET' if body is None else 'POST'),
                                 path), 'Host: test']
    if body is not None:
        lines.append('Content-Length: %d' % len(body))
    lines += ['%s: %s' % pair for pair in (headers or {}).items()]
    return '\r\n'.join(lines).encode() + b'\r\n\r\n' + (body or b'')


def sockets_of(process):
    """How many sockets a process has open."""
    folder = '/proc/%d/fd' % process.pid
    count = 0
    for name in os.listdir(folder):
        try:
            count += os.readlink(os.path.join(folder, name)).startswith(
                'socket:')
        except FileNotFoundError:
            pass  # closed meanwhile
    return count


def fixed_port():
    """A port that is free now and that the kernel gives to nobody by itself, so
    that it can be listened on again after a while."""
    with open('/proc/sys/net/ipv4/ip_local_port_range', encoding='ascii') as f:
        low = int(f.read().split()[0])
    while True:
        port = random.randrange(low // 2, low)
        with socket.socket() as one:
            try:
                one.bind(('127.0.0.1', port))
            except OSError:
                continue
            return port


class Answer:
    """A response as it came: code, headers, the body and its chunks."""

    def __init__(self, code, headers):
        self.code = code
        self.headers = headers
        self.chunks = []

    @property
    def body(self):
        return b''.join(self.chunks)

    def json(self):
        return json.loads(self.body)

    def events(self):
        """The data of server-sent events, of which there is nothing else."""
        parts = self.body.decode().split('\n\n')
        assert parts[-1] == '' and all(part.startswith('data: ')
                                       for part in parts[:-1]), self.body
        return [part[6:] for part in parts[:-1]]

    def lines(self):
        assert self.body.endswith(b'\n')
        return [json.loads(line) for line in self.body.split(b'\n')[:-1]]


class Wire:
    """One connection, and what is on it byte by byte."""

    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile('rb')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, *arguments, **named):
        self.socket.sendall(request(*arguments, **named))

    def ask(self, *arguments, **named):
        self.send(*arguments, **named)
        return self.answer(named.get('method') == 'HEAD')

    def answer(self, is_head=False):
        first = self.file.readline().split()
        assert first and first[0] == b'HTTP/1.1', first
        headers = {}
        while True:
            line = self.file.readline().decode().rstrip('\r\n')
            if not line:
                break
            name, value = line.split(': ', 1)
            headers[name.lower()] = value
        answer = Answer(int(first[1]), headers)
        if not is_head:
            self.read_body(answer)
        return answer

    def read_body(self, answer):
        if answer.headers.get('transfer-encoding') != 'chunked':
            length = int(answer.headers['content-length'])
            answer.chunks.append(self.file.read(length))
            return
        while True:
            length = int(self.file.readline(), 16)
            answer.chunks.append(self.file.read(length))
            assert self.file.readline() == b'\r\n'
            if length == 0:
                answer.chunks.pop()
                return

    def is_at_end(self):
        return self.file.read(1) == b''

    def close(self):
        self.file.close()
        self.socket.close()
