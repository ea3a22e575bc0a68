"""gcloud, loaded once: every call is a fork of this process, in which nothing of gcloud has run yet.

    python3 gcloud-forks.py SDK SOCKET               serves calls until it is killed
    python3 -S gcloud-forks.py call SOCKET [ARG]...  is one: gcloud ARG...

Of the second of processor time that a call takes, four fifths are Python reading gcloud's modules; tests make hundreds
of calls. Arguments, environment, folder and the three streams are the caller's, and so is the exit code; a call whose
caller was killed is killed.
"""

import array
import json
import os
import select
import signal
import socket
import sys

STREAMS = 3
# Bytes of the number that says how long a request is.
HEAD = 8


def load(sdk):
    """What gcloud.py does before it runs anything."""
    sys.path.insert(0, os.path.join(sdk, "lib"))
    import gcloud

    sys.path = gcloud.reorder_sys_path(sys.path)
    gcloud._fix_google_module()
    return gcloud._import_gcloud_main()


def receive(connection):
    """One request, and the streams of its caller."""
    room = socket.CMSG_SPACE(STREAMS * array.array("i").itemsize)
    head, ancillary, _, _ = connection.recvmsg(HEAD, room)
    streams = array.array("i")
    for _, _, data in ancillary:
        streams.frombytes(data)
    with connection.makefile("rb") as reader:
        return json.loads(reader.read(int(head))), list(streams)


def become(request, streams, sdk):
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request["env"])
    # As gcloud's own start script says.
    os.environ.update(CLOUDSDK_ROOT_DIR=sdk, CLOUDSDK_PYTHON=sys.executable, CLOUDSDK_PYTHON_SITEPACKAGES="1")
    os.chdir(request["folder"])
    sys.argv = [os.path.join(sdk, "lib", "gcloud.py"), *request["arguments"]]


def watch(pid, ended, connection):
    """Tells the caller how the call ended (what it alone wrote to is closed); without a caller it ends at once."""
    ready, _, _ = select.select([ended, connection], [], [])
    if ended not in ready:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if ended in ready:
        connection.sendall(b"%d" % os.waitstatus_to_exitcode(status))


def serve(sdk, path):
    gcloud_main = load(sdk)
    # Nobody waits for those that watch.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(64)
    while True:
        connection, _ = listening.accept()
        if os.fork() != 0:
            connection.close()
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        listening.close()
        request, streams = receive(connection)
        ended, alive = os.pipe()
        pid = os.fork()
        if pid == 0:
            connection.close()
            become(request, streams, sdk)
            return gcloud_main.main()
        for each in [alive, *streams]:
            os.close(each)
        watch(pid, ended, connection)
        os._exit(0)


def call(path, arguments):
    request = {"arguments": arguments, "env": dict(os.environ), "folder": os.getcwd()}
    body = json.dumps(request).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        streams = array.array("i", range(STREAMS))
        connection.sendmsg([b"%0*d" % (HEAD, len(body))], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
        connection.sendall(body)
        status = connection.recv(HEAD)
    return int(status) if status else 70


# A process that Python starts for parallel work imports this file again.
if __name__ == "__main__":
    if sys.argv[1] == "call":
        sys.exit(call(sys.argv[2], sys.argv[3:]))
    sys.exit(serve(sys.argv[1], sys.argv[2]))
