/** Writes half a megabyte over the file that it is given; the caller sees to it that there is no room. */

import { plainFiles } from '../../../vm-bootstrap/files.ts';

const [path = ''] = process.argv.slice(2);
plainFiles.write(path, 'n'.repeat(500_000), { mode: 0o600 });
