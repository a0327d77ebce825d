/**
 * What a file's name alone says: not text, or written by a program. Such files are reported and never downloaded.
 * A name that says nothing is judged by its content later, so these lists may be short but must not be wrong.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/u).filter((word) => word !== ''));

const BINARY_EXTENSIONS = words(`
  png jpg jpeg jpe gif bmp ico icns webp avif heic heif tif tiff jxl jp2 psd psb ai eps indd sketch fig xcf cr2 nef dng
  svg svgz emf wmf dds tga exr ktx ktx2 blend fbx glb 3ds stl usdz
  mp3 mp4 m4a m4v wav flac ogg oga ogv opus aac wma wmv avi mov mkv webm mpg mpeg flv aif aiff mid midi
  woff woff2 ttf otf eot ttc pfb pfm
  zip gz tgz bz2 tbz2 xz txz zst tzst lz lz4 lzma br 7z rar tar cab ar cpio deb rpm apk ipa aab dmg iso img vhd vhdx vmdk
  qcow2 jar war ear aar nupkg whl egg gem crate phar msi msix appx xpi crx vsix
  exe dll so dylib lib obj o a ko bin elf wasm class dex pyc pyo pyd beam rlib rmeta pdb ilk nib
  pdf doc docx dotx xls xlsx xlsm xlsb ppt pptx pps ppsx odt ods odp odg key vsd vsdx epub mobi rtf
  jks keystore bks p12 pfx pkcs12 der p7b gpg kdbx
  db sqlite sqlite3 db3 mdb accdb ldb ibd realm mmdb
  parquet avro orc feather arrow npy npz pkl pickle h5 hdf5 mat rds rda onnx pth ckpt safetensors gguf ggml tflite pb
  caffemodel keras joblib bcmap gmo swf swc fla unitypackage uasset umap pak lockb
`);

const GENERATED_NAMES = words(`
  package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock deno.lock cargo.lock poetry.lock pipfile.lock
  pdm.lock uv.lock pixi.lock composer.lock gemfile.lock go.sum go.work.sum mix.lock rebar.lock pubspec.lock podfile.lock
  cartfile.resolved package.resolved packages.lock.json paket.lock project.assets.json gradle.lockfile flake.lock
  .terraform.lock.hcl module.bazel.lock conan.lock chart.lock .pnp.cjs .pnp.loader.mjs .ds_store
`);

/** Written by a compiler or a bundler, by the convention of its tool. */
const GENERATED_PATTERN =
  /\.min\.(?:js|mjs|cjs|css|html)$|[.-](?:bundle|chunk)\.(?:js|mjs|css)$|\.map$|\.tsbuildinfo$|\.pb\.(?:go|cc|h)$|_pb2(?:_grpc)?\.pyi?$|_pb\.(?:js|d\.ts)$|\.(?:g|freezed)\.dart$|\.(?:g|g\.i|designer)\.cs$|\.snap$/u;

export const classifyPath = (path: string): 'binary' | 'generated' | null => {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  if (GENERATED_NAMES.has(name) || GENERATED_PATTERN.test(name)) {
    return 'generated';
  }
  const dot = name.lastIndexOf('.');
  // A leading dot is a hidden file's, not an extension's: `.key` may hold text.
  return dot > 0 && BINARY_EXTENSIONS.has(name.slice(dot + 1)) ? 'binary' : null;
};
